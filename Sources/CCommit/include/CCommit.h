// A program that links this target gets the commit that it was built from; without, CShims has none.
#include "commit.h"
