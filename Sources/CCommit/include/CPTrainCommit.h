// A program that links this target gets the commit that it was built from; without, CPTrainShims has none.
#include "commit.h"
