#!/usr/bin/env bash
# Draws the README's pictures anew: `bpttop screen` draws frames without a terminal.
set -euo pipefail
cd "$(dirname "$0")/../.."
swift build -c release --product bpttop
bpttop=$(swift build -c release --show-bin-path)/bpttop
pictures=Demos/pictures experiments=Demos/experiments

"$bpttop" screen --size 120x36 --updates 300 --set training.k1=10 --set training.k2=20 --set task.name=coin \
  --set network.hidden=32 --keys '<esc>,,,,,,' -o $pictures/dashboard-120x36.svg
"$bpttop" screen $experiments/vanishing.yaml --size 120x36 --updates 100 -o $pictures/vanishing.svg
"$bpttop" screen $experiments/sigmoid.yaml --size 100x24 --updates 20 --keys '3z' -o $pictures/product.svg
"$bpttop" screen $experiments/coin.yaml --size 100x24 --updates 3000 --keys '4z' -o $pictures/flow.svg
"$bpttop" screen $experiments/text.yaml --size 120x36 --updates 2000 -o $pictures/text.svg
"$bpttop" screen $experiments/truncation.yaml --size 120x36 --updates 200 --keys ',,,,' -o $pictures/step.svg
"$bpttop" screen --size 80x24 --updates 100 -o $pictures/small.svg
