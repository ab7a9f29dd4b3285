#!/usr/bin/env bash
# A Slurm of one node on this machine's loopback, for tests, without systemd, cgroups or a database:
#   slurm.sh up DIR        brings it up, as root; then SLURM_CONF=DIR/slurm.conf serves every command
#   slurm.sh ctld DIR      starts the controller again after it was killed
#   slurm.sh down DIR      ends what `up` started
# It has a munge of its own and free ports, so it does not meet another Slurm. Debian packages:
# slurm-wlm munge.
set -euo pipefail
verb=$1
dir=$(mkdir -p "$2" && cd "$2" && pwd)
export SLURM_CONF=$dir/slurm.conf

missing() { for program in slurmctld slurmd munged sbatch squeue scancel; do
  command -v "$program" >/dev/null || { printf '%s ' "$program"; }; done; }

free_port() {
  local port
  while port=$((20000 + RANDOM % 12000)); (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do :; done
  printf '%s' "$port"
}

pid_of() { if [[ -s $dir/$1.pid ]]; then cat "$dir/$1.pid"; fi; }

end() {
  local pid
  pid=$(pid_of "$1")
  [[ -n $pid ]] || return 0
  kill "$pid" 2>/dev/null || return 0
  for _ in $(seq 50); do [[ -d /proc/$pid ]] || return 0; sleep .1; done
  kill -KILL "$pid" 2>/dev/null || true
}

wait_until() { for _ in $(seq 100); do if "$@" >/dev/null 2>&1; then return 0; fi; sleep .1; done; return 1; }
idle() { sinfo -h -o %T | grep -qE 'idle|mix|alloc'; }

case $verb in
  up)
    absent=$(missing)
    [[ -z $absent ]] || { echo "not installed: $absent(Debian: slurm-wlm munge)"; exit 77; }
    ((EUID == 0)) || { echo "its daemons need root"; exit 77; }
    mkdir -p "$dir/state" "$dir/spool"
    head -c 1024 /dev/urandom >"$dir/munge.key"
    chmod 600 "$dir/munge.key"
    cat >"$SLURM_CONF" <<CONF
ClusterName=test
SlurmctldHost=$(hostname -s)(127.0.0.1)
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket=$dir/munge.socket
CredType=cred/munge
SlurmctldPort=$(free_port)
SlurmdPort=$(free_port)
SlurmctldPidFile=$dir/slurmctld.pid
SlurmdPidFile=$dir/slurmd.pid
SlurmctldLogFile=$dir/slurmctld.log
SlurmdLogFile=$dir/slurmd.log
StateSaveLocation=$dir/state
SlurmdSpoolDir=$dir/spool
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
ReturnToService=2
SchedulerParameters=batch_sched_delay=0,sched_min_interval=50000,sched_interval=1,bf_interval=1
MinJobAge=300
KillWait=5
NodeName=node NodeHostname=$(hostname -s) NodeAddr=127.0.0.1 CPUs=2 State=UNKNOWN
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP
CONF
    munged --force --key-file="$dir/munge.key" --socket="$dir/munge.socket" --pid-file="$dir/munged.pid" \
      --log-file="$dir/munged.log" --seed-file="$dir/munge.seed" 2>>"$dir/up.log"
    slurmctld -c
    slurmd -N node
    wait_until idle || { echo "the node does not come up:"; tail -n 3 "$dir"/slurm*.log; exit 78; }
    ;;
  ctld)
    slurmctld
    wait_until squeue -h
    ;;
  down)
    for daemon in slurmd slurmctld munged; do end "$daemon"; done
    ;;
esac
