#!/usr/bin/env bash
# Draws the README's pictures anew: `bpttop screen` draws frames without a terminal. The server draws them too, into
# a folder that is given here, with the program that BPTTOP names, and compares.
set -euo pipefail
cd "$(dirname "$0")/../.."
bpttop=${BPTTOP:-}
if [ -z "$bpttop" ]; then
  swift build -c release --product bpttop
  bpttop=$(swift build -c release --show-bin-path)/bpttop
fi
pictures=${1:-Demos/pictures} experiments=Demos/experiments

"$bpttop" screen --size 120x36 --updates 300 --set task.name=coin --set training.k1=10 --set training.k2=20 \
  --keys '<esc>nn,,,,,,,,,,,,' -o $pictures/dashboard-120x36.svg
"$bpttop" screen $experiments/truncation.yaml --size 120x36 --updates 200 --keys ',,' -o $pictures/step.svg
"$bpttop" screen $experiments/sigmoid.yaml --size 120x30 --updates 20 --keys '<tab><tab><tab><tab>z' -o $pictures/product.svg
# Lane A goes all the way back, lane B five steps; 200 updates after the fork.
"$bpttop" screen $experiments/vanishing.yaml --size 120x36 --updates 200 --keys 'f{:update 400<enter>' -o $pictures/lanes.svg
# An LSTM that adds, stepped back to between the marks and the end.
"$bpttop" screen $experiments/adding-gru.yaml --set network.cell=lstm --set network.init.forget_bias=3 \
  --set task.length=60 --size 120x48 --updates 1000 --keys ',,,,,,,,,,,,,,,,,,,,,,,,,' -o $pictures/gates.svg
"$bpttop" screen $experiments/text.yaml --size 120x36 --updates 3000 -o $pictures/text.svg
# The edge of chaos and the reach of the window.
runs=$(mktemp -d)
"$bpttop" sweep coin --over training.k2=2,4,6,9,12,20 --over network.init.spectral_radius=0.2..2.0:10 --updates 1000 \
  -o "$runs/edge" > /dev/null
"$bpttop" sweep "$runs/edge" --map $pictures/edge.svg --size 100x20
rm -r "$runs"
"$bpttop" screen $experiments/vanishing.yaml --big --theme light --size 100x30 --updates 200 -o $pictures/big.svg
# What recurrent networks are set against.
"$bpttop" contrast -o $pictures/contrast.svg > /dev/null
"$bpttop" screen $experiments/transformer.yaml --set task.name=parity --set task.length=24 --size 120x36 --updates 200 -o $pictures/transformer.svg
