#!/usr/bin/env bash
# Open MPI 4.1.4: odls_base_sigkill_timeout is documented as the time "to wait for a process to die after issuing a kill
# signal to it". On SIGTERM, mpirun sleeps to the end of it and longer, though all processes have ended at once. So whoever
# gives ranks a minute to save makes every stopped job last more than a minute longer.
#
# Seen with two processes of `sleep`, which end at once on SIGTERM:
#   timeout 1: mpirun ended after 1052 ms, timeout 6: after 11620 ms
# and 10129 and 11016 ms when repeated.
# Needs: Open MPI 4.1.4 (Debian 12: apt install openmpi-bin). Fails if mpirun with 6 ends within 5 s.
set -eu
mpirun=$(command -v mpirun.openmpi || command -v mpirun)
"$mpirun" --version | head -n 1 | grep -q "(Open.*) 4\.1\.4" || { echo "needs Open MPI 4.1.4"; exit 1; }
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1

# Prints how many milliseconds mpirun takes to end after SIGTERM.
ended_after() {
  "$mpirun" --oversubscribe --mca odls_base_sigkill_timeout "$1" -n 2 sleep 60 >/dev/null 2>&1 &
  sleep 3
  local began
  began=$(date +%s%3N)
  kill -TERM $!
  wait $! || true
  echo $(($(date +%s%3N) - began))
}
short=$(ended_after 1)
long=$(ended_after 6)
echo "timeout 1: mpirun ended after $short ms, timeout 6: after $long ms"
[ "$long" -ge 5000 ] || { echo "mpirun no longer sleeps to the end of the timeout"; exit 1; }
