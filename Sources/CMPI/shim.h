// The few calls of MPI that ptrain makes; MPI_COMM_WORLD and its types are macros, which Swift cannot see.
#ifndef PTRAIN_CMPI_H
#define PTRAIN_CMPI_H

#include <mpi.h>

/// Joins the job; calls may come from one thread at a time, any thread. 0 when done.
static inline int ptrain_mpi_init(void) {
  int provided = 0;
  if (MPI_Init_thread(0, 0, MPI_THREAD_SERIALIZED, &provided) != MPI_SUCCESS) return 1;
  return provided < MPI_THREAD_SERIALIZED;
}

static inline int ptrain_mpi_rank(void) {
  int rank = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  return rank;
}

static inline int ptrain_mpi_size(void) {
  int size = 1;
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  return size;
}

/// Rank `r` gives `counts[r]` floats at `offsets[r]` and receives those of the others.
static inline void ptrain_mpi_gather(float *values, const int *counts, const int *offsets) {
  MPI_Allgatherv(MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, values, counts, offsets, MPI_FLOAT,
                 MPI_COMM_WORLD);
}

static inline void ptrain_mpi_barrier(void) { MPI_Barrier(MPI_COMM_WORLD); }

static inline void ptrain_mpi_abort(int status) { MPI_Abort(MPI_COMM_WORLD, status); }

static inline void ptrain_mpi_finalize(void) { MPI_Finalize(); }

#endif
