#!/usr/bin/env bash
# Test on several processes of this machine, one for each GPU; without GPUs on the CPU.
#
#   tools/dist_test.sh CONFIG CHECKPOINT PROCESSES [options of lanedet test]
#
# Several machines: the same on each, with NNODES, NODE_RANK (0, 1, ...) and MASTER_ADDR
# (of the machine of rank 0) in the environment. PORT is where the processes meet: on one
# machine a free one if not given, on several 29500, so that two runs need two.
set -eu
if [ $# -lt 3 ]; then
    sed -n '2,/^set/{/^# \{0,1\}/s///p}' "$0" >&2
    exit 2
fi
config=$1
checkpoint=$2
processes=$3
shift 3
exec python -m torch.distributed.run \
    --nnodes="${NNODES:-1}" \
    --node-rank="${NODE_RANK:-0}" \
    --master-addr="${MASTER_ADDR:-127.0.0.1}" \
    ${PORT:+"--master-port=$PORT"} \
    --nproc-per-node="$processes" \
    "$(dirname "$0")/test.py" "$config" "$checkpoint" --launcher pytorch "$@"
