# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The clock of the GPU's SMs while something else runs."""

import statistics
import subprocess
import threading
import time


class Clock:
    """The SM clock, which nvidia-smi samples in the background; without it there are no samples."""

    SAMPLE_MS = 10

    def __init__(self):
        self.samples = []  # (time.monotonic(), MHz)
        command = ["nvidia-smi", "--query-gpu=clocks.sm", "--format=csv,noheader,nounits",
                   f"--loop-ms={self.SAMPLE_MS}"]
        try:
            self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        except OSError:
            self.process = None
            return
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        for line in self.process.stdout:
            if line.strip().isdigit():
                self.samples.append((time.monotonic(), int(line)))

    def median(self, start, end):
        """In MHz, between two times; None if there is no sample."""
        between = [mhz for at, mhz in list(self.samples) if start <= at <= end]
        return statistics.median(between) if between else None

    def stop(self):
        if self.process:
            self.process.kill()
            self.process.wait()
