# For a machine with a CUDA driver and the NVIDIA container toolkit:
#   docker build --tag lanedet .
#   docker run --gpus all --rm --volume "$PWD:/data" lanedet \
#       video drive.mp4 --out lanes.mp4
# Training needs shared memory for its data workers: add --shm-size 8g.
FROM python:3.12-slim

# opencv-python draws windows and wants these two, which a server does not have.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends libgl1 libglib2.0-0 \
    && rm -rf /var/lib/apt/lists/*

WORKDIR /src
COPY constraints.txt pyproject.toml README.md LICENSE ./
COPY configs configs
COPY lanedet lanedet
RUN pip install --no-cache-dir --constraint constraints.txt '.[app,timm]'

WORKDIR /data
ENTRYPOINT ["lanedet"]
CMD ["--help"]
