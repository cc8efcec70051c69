#!/usr/bin/env bash
# Test on several processes of this machine, one for each GPU; without GPUs on the CPU.
#
#   tools/dist_test.sh CONFIG CHECKPOINT PROCESSES [options of lanedet test]
#
# Several machines: the same on each, with NNODES, NODE_RANK (0, 1, ...) and MASTER_ADDR
# (of the machine of rank 0) in the environment.
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
    --master-port="${PORT:-29500}" \
    --nproc-per-node="$processes" \
    "$(dirname "$0")/test.py" "$config" "$checkpoint" --launcher pytorch "$@"
