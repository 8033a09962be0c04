// Small C helpers that Swift cannot express; header-only where possible.
#ifndef PTRAIN_CSHIMS_H
#define PTRAIN_CSHIMS_H

#include "futex.h"

#endif
