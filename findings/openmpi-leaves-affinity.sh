#!/usr/bin/env bash
# Open MPI 4.1.4: mpirun binds each of up to two processes to a core of its own, and counts cores from the machine's
# first, whatever mask it was started with. So `taskset -c 1 mpirun -n 1 …` runs on core 0: a job that was to leave a core
# to another measurement takes just that one. MPICH's mpirun keeps the mask.
#
# Seen on a machine with two cores, under `taskset -c 1`:
#   -n 1: the process may run on 0; with --bind-to none: on 1
# Needs: two cores, and Open MPI 4.1.4 (Debian 12: apt install openmpi-bin). Fails if the process stays on core 1.
set -eu
mpirun=$(command -v mpirun.openmpi || command -v mpirun)
"$mpirun" --version | head -n 1 | grep -q "(Open.*) 4\.1\.4" || { echo "needs Open MPI 4.1.4"; exit 1; }
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1

# Prints the cores on which a process may run that mpirun starts while it may itself run on core 1 alone.
cores_of() {
  taskset -c 1 "$mpirun" "$@" -n 1 sed -n 's/^Cpus_allowed_list:[[:space:]]*//p' /proc/self/status
}
bound=$(cores_of)
free=$(cores_of --bind-to none)
echo "-n 1: the process may run on $bound; with --bind-to none: on $free"
[ "$free" = 1 ] || { echo "without binding, the mask is no longer kept"; exit 1; }
[ "$bound" = 0 ] || { echo "mpirun no longer leaves the mask"; exit 1; }
