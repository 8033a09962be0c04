#include "CPTrainShims.h"

// The one in the target CPTrainCommit is linked in its place: a new commit then compiles no library anew.
__attribute__((weak)) const char *ptrain_commit(void) { return ""; }
