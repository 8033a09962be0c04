#include "CPTrainCommit.h"

// Scripts/build names the commit to the manifest.
const char *ptrain_commit(void) { return PTRAIN_COMMIT; }
