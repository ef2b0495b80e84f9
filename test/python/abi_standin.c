// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a library for TVM FFI needs of TVM FFI, for tests without it: keeps what
// was raised, and has a stream for each device of the driver of cuda_fake.h.

#include "test/unit/cuda_fake.h"

#include <stdint.h>
#include <stdio.h>

char raised_kind[64], raised_message[512];

void TVMFFIErrorSetRaisedFromCStr(const char *kind, const char *message) {
  snprintf(raised_kind, sizeof raised_kind, "%s", kind);
  snprintf(raised_message, sizeof raised_message, "%s", message);
}

void *TVMFFIEnvGetStream(int32_t device_type, int32_t device_id) {
  return device_type == 2 ? (void *)(0x700 + (uintptr_t)device_id + 1) : NULL;
}

/// The stream of the driver's last launch.
void *launched_on(const FakeCuda *fake) { return fake->stream; }
