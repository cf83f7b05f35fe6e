#!/usr/bin/env bash
# A SLURM on this machine for tests, in a folder of its own, without systemd and without touching /etc/slurm.
#
#   minislurm.sh start FOLDER    munged, slurmctld and one slurmd per node; returns when all nodes are idle
#   minislurm.sh stop FOLDER     cancels the jobs and ends the daemons
#
# NODES (1)  all of them are this machine
# GPUS (2)   fake ones, of each node: device files that lead to /dev/null
# MEM (4000) MB of each node; a job over its memory is killed
#
# FOLDER/bin holds srun, sbatch and so on for PATH. Each knows its configuration without SLURM_CONF, which Snakemake's
# job step removes from the environment. Needs root and the packages slurm-wlm and munge.
set -euo pipefail

action=${1:?start or stop}
folder=$(realpath -m "${2:?a folder}")
nodes=${NODES:-1} gpus=${GPUS:-2} memory=${MEM:-4000}
host=$(hostname -s)
export SLURM_CONF=$folder/slurm.conf

free_ports() {
    python3 -c '
import socket, sys
held = [socket.create_server(("127.0.0.1", 0)) for _ in range(int(sys.argv[1]))]
print(*(one.getsockname()[1] for one in held))' "$1"
}

name_of() { # one node has the name of the host
    if [ "$nodes" = 1 ]; then echo "$host"; else echo "n$1"; fi
}

write_configuration() {
    local ports number names="" first
    read -ra ports <<<"$(free_ports $((nodes + 1)))"
    {
        echo "ClusterName=tests"
        echo "SlurmctldHost=$host(127.0.0.1)"
        echo "SlurmctldPort=${ports[0]}"
        echo "SlurmUser=root"
        echo "SlurmdUser=root"
        echo "AuthType=auth/munge"
        echo "AuthInfo=socket=$folder/munge.sock"
        echo "CredType=cred/munge"
        echo "StateSaveLocation=$folder/state"
        echo "SlurmdSpoolDir=$folder/spool.%n"
        echo "SlurmctldPidFile=$folder/slurmctld.pid"
        echo "SlurmdPidFile=$folder/slurmd.%n.pid"
        echo "SlurmctldLogFile=$folder/log/slurmctld.log"
        echo "SlurmdLogFile=$folder/log/slurmd.%n.log"
        # what asks for cgroups, accounts or a network fabric is off
        echo "ProctrackType=proctrack/linuxproc"
        echo "TaskPlugin=task/none"
        echo "AccountingStorageType=accounting_storage/none"
        echo "MpiDefault=none"
        echo "SwitchType=switch/none"
        # memory is watched without cgroups
        echo "JobAcctGatherType=jobacct_gather/linux"
        echo "JobAcctGatherParams=OverMemoryKill"
        echo "JobAcctGatherFrequency=task=1"
        # jobs start at once
        echo "SchedulerType=sched/backfill"
        echo "SchedulerParameters=batch_sched_delay=0,sched_interval=1,sched_min_interval=0,bf_interval=1"
        echo "SelectType=select/cons_tres"
        echo "SelectTypeParameters=CR_Core_Memory"
        echo "DefMemPerCPU=100"
        echo "GresTypes=gpu"
        echo "ReturnToService=2"
        echo "KillWait=5"
        for ((number = 0; number < nodes; number++)); do
            names+=${names:+,}$(name_of $number)
            echo "NodeName=$(name_of $number) NodeHostname=$host NodeAddr=127.0.0.1 Port=${ports[number + 1]}" \
                "CPUs=$(nproc) RealMemory=$memory Gres=gpu:fake:$gpus"
        done
        echo "PartitionName=main Nodes=$names Default=YES MaxTime=INFINITE State=UP"
        echo "PartitionName=gpu Nodes=$names MaxTime=INFINITE State=UP"
    } >"$SLURM_CONF"
    for ((number = 0; number < nodes; number++)); do
        mkdir -p "$folder/spool.$(name_of $number)"
        first=$((number * gpus))
        for ((device = first; device < first + gpus; device++)); do
            [ -c "$folder/dev/nvidia$device" ] || mknod "$folder/dev/nvidia$device" c 1 3
            echo "NodeName=$(name_of $number) Name=gpu Type=fake File=$folder/dev/nvidia$device"
        done
    done >"$folder/gres.conf"
    echo "CgroupAutomount=no" >"$folder/cgroup.conf"
}

write_commands() {
    local command
    for command in srun sbatch squeue scancel sinfo scontrol sacct sacctmgr; do
        printf '#!/bin/sh\nexport SLURM_CONF=%s\nexec %s "$@"\n' "$SLURM_CONF" "$(command -v $command)" \
            >"$folder/bin/$command"
        chmod +x "$folder/bin/$command"
    done
}

start() {
    local number
    mkdir -p "$folder"/{bin,dev,log,state}
    chmod 755 "$folder"
    (umask 077 && head -c 1024 /dev/urandom >"$folder/munge.key")
    write_configuration
    write_commands
    munged --force --socket="$folder/munge.sock" --key-file="$folder/munge.key" --pid-file="$folder/munged.pid" \
        --seed-file="$folder/munge.seed" --log-file="$folder/log/munged.log"
    slurmctld -f "$SLURM_CONF"
    for ((number = 0; number < nodes; number++)); do slurmd -f "$SLURM_CONF" -N "$(name_of $number)"; done
    for _ in $(seq 300); do
        [ "$(sinfo -h -N -p main -o %t 2>/dev/null | grep -c '^idle$')" = "$nodes" ] && return
        sleep 0.1
    done
    echo "SLURM's nodes did not become idle within 30 seconds" >&2
    tail -n 5 "$folder"/log/*.log >&2
    return 1
}

end_daemon() { # by its pid file, if that process still is the daemon
    local daemon=$1 file=$2 pid
    [ -s "$file" ] || return 0
    pid=$(<"$file")
    for signal in TERM KILL; do
        [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = "$daemon" ] || return 0
        kill -$signal "$pid" || return 0
        for _ in $(seq 50); do
            [ -d "/proc/$pid" ] || return 0
            sleep 0.1
        done
    done
}

stop() {
    [ -e "$SLURM_CONF" ] || return 0
    scancel --me 2>/dev/null || true
    local file
    for file in "$folder"/slurmd.*.pid; do end_daemon slurmd "$file"; done
    end_daemon slurmctld "$folder/slurmctld.pid"
    end_daemon munged "$folder/munged.pid"
}

case $action in
start) start ;;
stop) stop ;;
*)
    echo "usage: minislurm.sh start|stop FOLDER" >&2
    exit 2
    ;;
esac
