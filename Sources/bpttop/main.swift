import Dashboard
import Terminal

print("bpttop")
