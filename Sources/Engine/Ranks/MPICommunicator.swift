// Ranks over Open MPI, in builds with the package trait MPI.

#if MPI
  import CPTrainMPI
  import PTrainDiagnostics
  import Glibc
  import PTrainKernelTypes

  /// All processes that `mpirun` has started.
  package struct MPICommunicator: Communicator {
    package let rank: Int
    package let size: Int

    /// Joins the job; once a process.
    ///
    /// - Parameter expectedSize: ranks that the launcher has announced.
    ///
    /// Throws `Failure(.fault)` when MPI does not start, or starts with another number of ranks: then the
    /// launcher is another MPI's.
    package init(expectedSize: Int) throws {
      guard ptrain_mpi_init() == 0 else {
        throw Failure(
          .fault, "MPI does not start; try mpirun with --mca orte_base_help_aggregate 0")
      }
      rank = Int(ptrain_mpi_rank())
      size = Int(ptrain_mpi_size())
      guard size == expectedSize else {
        throw Failure(
          .usage,
          "the launcher announced \(expectedSize) ranks, MPI found \(size): start ptrain with the mpirun "
            + "of the MPI that it was built with (Open MPI)")
      }
    }

    package func gather(_ values: MutableFloatPointer, parts: [Range<Int>]) {
      withUnsafeTemporaryAllocation(of: Int32.self, capacity: 2 * size) { numbers in
        for piece in GatherPiece.all(of: parts) {
          for (rank, part) in parts.enumerated() {
            (numbers[rank], numbers[size + rank]) = piece.share(of: part)
          }
          // Errors end the job: that is MPI's default error handler.
          ptrain_mpi_gather(
            values + piece.start, numbers.baseAddress!, numbers.baseAddress! + size)
        }
      }
    }

    package func barrier() { ptrain_mpi_barrier() }

    package func abort(status: Int32) -> Never {
      ptrain_mpi_abort(status)
      exit(status)
    }

    package func finish() { ptrain_mpi_finalize() }
  }
#endif
