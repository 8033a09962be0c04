// Small C helpers that Swift cannot express; header-only where possible.
#ifndef PTRAIN_CSHIMS_H
#define PTRAIN_CSHIMS_H

#include "affinity.h"
#include "commit.h"
#include "cpu_features.h"
#include "futex.h"
#include "fuzzer.h"
#include "heaps.h"
#include "prefetch.h"
#include "vector_sqrt.h"

#endif
