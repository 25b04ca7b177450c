"""MPI on this machine: runs `MpiProgram`s under the launcher of the MPI library that mpi4py uses."""
