// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Tensor maps, encoded by the driver.

#include "driver.h"

#include "simplicial/cuda.h"

#include <string.h>

static CUtensorMapDataType type_of(int64_t bytes) {
  switch (bytes) {
  case 1:
    return CU_TENSOR_MAP_DATA_TYPE_UINT8;
  case 2:
    return CU_TENSOR_MAP_DATA_TYPE_UINT16;
  case 4:
    return CU_TENSOR_MAP_DATA_TYPE_UINT32;
  default:
    return CU_TENSOR_MAP_DATA_TYPE_UINT64;
  }
}

static CUtensorMapSwizzle swizzle_of(int64_t bytes) {
  switch (bytes) {
  case 32:
    return CU_TENSOR_MAP_SWIZZLE_32B;
  case 64:
    return CU_TENSOR_MAP_SWIZZLE_64B;
  case 128:
    return CU_TENSOR_MAP_SWIZZLE_128B;
  default:
    return CU_TENSOR_MAP_SWIZZLE_NONE;
  }
}

SimplicialStatus
simplicialCudaEncodeTensorMap(const SimplicialTensorMapInfo *info,
                              SimplicialTensorMap *map) {
  const Driver *cuda;
  SimplicialStatus status = simplicialTensorMapCheck(info);
  if (!status.code)
    status = driver_enter(&cuda);
  if (status.code)
    return status;
  uint64_t sizes[SIMPLICIAL_TENSOR_MAP_RANK] = {0};
  uint64_t strides[SIMPLICIAL_TENSOR_MAP_RANK] = {0};
  uint32_t box[SIMPLICIAL_TENSOR_MAP_RANK] = {0};
  uint32_t steps[SIMPLICIAL_TENSOR_MAP_RANK] = {0};
  for (int d = 0; d < info->rank; ++d) {
    sizes[d] = (uint64_t)info->sizes[d];
    box[d] = (uint32_t)info->box[d];
    steps[d] = 1;
    if (d) // the innermost is implied
      strides[d - 1] = (uint64_t)info->strides[d];
  }
  _Alignas(64) SimplicialTensorMap aligned;
  CUresult result = cuda->cuTensorMapEncodeTiled(
      &aligned, type_of(info->elementBytes), (uint32_t)info->rank, info->data,
      sizes, strides, box, steps, CU_TENSOR_MAP_INTERLEAVE_NONE,
      swizzle_of(info->swizzle), CU_TENSOR_MAP_L2_PROMOTION_L2_256B,
      CU_TENSOR_MAP_FLOAT_OOB_FILL_NONE);
  memcpy(map, &aligned, sizeof aligned);
  return driver_status(cuda, result, "encoding a tensor map");
}

int32_t simplicialCudaTensorMap(const SimplicialTensorMapInfo *info,
                                SimplicialTensorMap *map) {
  SimplicialStatus status = simplicialCudaEncodeTensorMap(info, map);
  int32_t encoded = !status.code;
  simplicialStatusFree(status);
  return encoded;
}
