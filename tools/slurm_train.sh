#!/usr/bin/env bash
# Train on a Slurm cluster, one process for each GPU.
#
#   GPUS=16 tools/slurm_train.sh PARTITION JOB_NAME CONFIG WORK_DIR [options of lanedet train]
#
# In the environment: GPUS (8), GPUS_PER_NODE (8), CPUS_PER_TASK (5), SRUN_ARGS, and
# MASTER_PORT, by which the processes meet. A process that dies ends all others.
set -eu
if [ $# -lt 4 ]; then
    sed -n '2,/^set/{/^# \{0,1\}/s///p}' "$0" >&2
    exit 2
fi
partition=$1
job_name=$2
config=$3
work_dir=$4
shift 4
gpus=${GPUS:-8}
gpus_per_node=${GPUS_PER_NODE:-8}
if [ "$gpus" -lt "$gpus_per_node" ]; then
    gpus_per_node=$gpus
fi
# Two jobs on one node must not meet at one port.
export MASTER_PORT=${MASTER_PORT:-$((20000 + RANDOM % 10000))}
# SRUN_ARGS is several words.
# shellcheck disable=SC2086
exec srun \
    --partition="$partition" \
    --job-name="$job_name" \
    --gres="gpu:$gpus_per_node" \
    --ntasks="$gpus" \
    --ntasks-per-node="$gpus_per_node" \
    --cpus-per-task="${CPUS_PER_TASK:-5}" \
    --kill-on-bad-exit=1 \
    ${SRUN_ARGS:-} \
    python -u "$(dirname "$0")/train.py" "$config" --work-dir "$work_dir" --launcher slurm "$@"
