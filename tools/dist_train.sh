#!/usr/bin/env bash
# Train on several processes of this machine, one for each GPU; without GPUs on the CPU.
#
#   tools/dist_train.sh CONFIG PROCESSES [options of lanedet train]
#
# Several machines: the same on each, with NNODES, NODE_RANK (0, 1, ...) and MASTER_ADDR
# (of the machine of rank 0) in the environment. PORT is where the processes meet: on one
# machine a free one if not given, on several 29500, so that two runs need two.
set -eu
if [ $# -lt 2 ]; then
    sed -n '2,/^set/{/^# \{0,1\}/s///p}' "$0" >&2
    exit 2
fi
config=$1
processes=$2
shift 2
exec python -m torch.distributed.run \
    --nnodes="${NNODES:-1}" \
    --node-rank="${NODE_RANK:-0}" \
    --master-addr="${MASTER_ADDR:-127.0.0.1}" \
    ${PORT:+"--master-port=$PORT"} \
    --nproc-per-node="$processes" \
    "$(dirname "$0")/train.py" "$config" --launcher pytorch "$@"
