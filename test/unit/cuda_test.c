// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Unit test of the CUDA runtime, on the driver of cuda_fake.h.
// SIMPLICIAL_FAKE_CUDA is where that was built.

#include "cuda_fake.h"
#include "unit.h"

#include "simplicial/cuda.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static FakeCuda *fake;
static CUresult (*set_context)(CUcontext);

static const char image[] = "an image";

static SimplicialCudaModule new_module(void) {
  return (SimplicialCudaModule){.image = image, .target = "sm_80"};
}

/// Asserts that `status` has this code and all of these words in its message.
static void expect_error(SimplicialStatus status, SimplicialCode code,
                         const char *word, const char *other) {
  assert_int_equal(code, status.code);
  assert_non_null(strstr(simplicialStatusMessage(status), word));
  assert_non_null(strstr(simplicialStatusMessage(status), other));
  simplicialStatusFree(status);
}

static void make_fail(const char *function, CUresult result) {
  fake->failing = function;
  fake->failure = result;
}

static void launch(SimplicialCudaModule *module, const char *kernel,
                   int64_t shared) {
  int64_t values[] = {10, 20, 30};
  void *arguments[] = {&values[0], &values[1], &values[2]};
  simplicialCudaLaunch(module, kernel, 4, 5, 6, 128, 2, 1, shared, arguments);
}

// Before there is a driver ----------------------------------------------------

static void no_driver(void **state) {
  (void)state;
  SimplicialCudaModule module = new_module();
  SimplicialCudaDevice device;
  void *data;
  setenv("SIMPLICIAL_CUDA_DRIVER", "./missing.so", true);
  expect_error(simplicialCudaGetDevice(&device), SIMPLICIAL_UNAVAILABLE,
               "there is no CUDA driver", "missing.so");
  assert_status(SIMPLICIAL_UNAVAILABLE, simplicialCudaAllocate(4, &data));
  assert_null(data);
  assert_status(SIMPLICIAL_UNAVAILABLE, simplicialCudaSynchronize());
  launch(&module, "f", 0);
  expect_error(simplicialTakeLaunchStatus(), SIMPLICIAL_UNAVAILABLE,
               "there is no CUDA driver", "missing.so");
  assert_status(SIMPLICIAL_OK, simplicialTakeLaunchStatus());
  simplicialCudaUnload(&module);
}

static void not_a_driver(void **state) {
  (void)state;
  setenv("SIMPLICIAL_CUDA_DRIVER", "libm.so.6", true);
  expect_error(simplicialCudaSynchronize(), SIMPLICIAL_UNAVAILABLE, "libm.so.6",
               "has no cuInit");
}

static void no_device(void **state) {
  (void)state;
  setenv("SIMPLICIAL_CUDA_DRIVER", SIMPLICIAL_FAKE_CUDA, true);
  make_fail("cuInit", CUDA_ERROR_NO_DEVICE);
  expect_error(simplicialCudaSynchronize(), SIMPLICIAL_UNAVAILABLE,
               "starting the CUDA driver", "CUDA_ERROR_NO_DEVICE");
  make_fail("cuDevicePrimaryCtxRetain", CUDA_ERROR_OUT_OF_MEMORY);
  expect_error(simplicialCudaSynchronize(), SIMPLICIAL_OUT_OF_MEMORY,
               "CUDA device 0", "CUDA_ERROR_OUT_OF_MEMORY");
}

// Launching -------------------------------------------------------------------

static void launches(void **state) {
  (void)state;
  SimplicialCudaModule module = new_module();
  simplicialSetStream((void *)0x1234);
  launch(&module, "f", 1000);
  assert_status(SIMPLICIAL_OK, simplicialTakeLaunchStatus());
  assert_int_equal(1, fake->retained);
  assert_ptr_equal(image, fake->image);
  assert_string_equal("f", fake->kernel);
  assert_memory_equal(((unsigned[]){4, 5, 6}), fake->grid, sizeof fake->grid);
  assert_memory_equal(((unsigned[]){128, 2, 1}), fake->block,
                      sizeof fake->block);
  assert_int_equal(1000, fake->shared);
  assert_ptr_equal(0x1234, fake->stream);
  assert_memory_equal(((int64_t[]){10, 20, 30}), fake->arguments,
                      sizeof fake->arguments);
  assert_int_equal(0, fake->attributes);
  simplicialSetStream(NULL);
  launch(&module, "f", 1000);
  assert_null(fake->stream);
  simplicialCudaUnload(&module);
}

static void loads_once_a_context(void **state) {
  (void)state;
  SimplicialCudaModule module = new_module(), other = new_module();
  launch(&module, "f", 0);
  launch(&module, "g", 0);
  launch(&module, "f", 0);
  assert_int_equal(1, fake->loads);
  assert_int_equal(2, fake->lookups);
  assert_string_equal("f", fake->kernel);
  launch(&other, "f", 0);
  assert_int_equal(2, fake->loads);
  set_context((CUcontext)2);
  launch(&module, "f", 0);
  launch(&module, "f", 0);
  assert_int_equal(3, fake->loads);
  assert_int_equal(1, fake->retained);
  set_context((CUcontext)1);
  launch(&module, "f", 0);
  assert_int_equal(3, fake->loads);

  simplicialCudaUnload(&module);
  assert_int_equal(2, fake->unloads);
  launch(&module, "f", 0);
  assert_int_equal(4, fake->loads);
  simplicialCudaUnload(&module);
  simplicialCudaUnload(&other);
  assert_int_equal(4, fake->unloads);
  assert_status(SIMPLICIAL_OK, simplicialTakeLaunchStatus());
}

static void asks_for_much_shared_memory(void **state) {
  (void)state;
  SimplicialCudaModule module = new_module();
  launch(&module, "f", 48 << 10);
  assert_int_equal(0, fake->attributes);
  launch(&module, "f", (48 << 10) + 1);
  assert_int_equal((48 << 10) + 1, fake->shared_allowed);
  launch(&module, "f", 50000);
  launch(&module, "f", 49999);
  assert_int_equal(2, fake->attributes);
  assert_int_equal(50000, fake->shared_allowed);
  assert_status(SIMPLICIAL_OK, simplicialTakeLaunchStatus());

  int before = fake->launches;
  launch(&module, "f", FAKE_SHARED_LIMIT + 1);
  expect_error(simplicialTakeLaunchStatus(), SIMPLICIAL_UNAVAILABLE,
               "100001 bytes", "has 100000");
  launch(&module, "f", INT64_C(1) << 40);
  expect_error(simplicialTakeLaunchStatus(), SIMPLICIAL_UNAVAILABLE,
               "1099511627776 bytes", "has 100000");
  make_fail("cuFuncSetAttribute", CUDA_ERROR_INVALID_VALUE);
  launch(&module, "f", 60000);
  expect_error(simplicialTakeLaunchStatus(), SIMPLICIAL_INVALID_ARGUMENT,
               "kernel 'f'", "CUDA_ERROR_INVALID_VALUE");
  assert_int_equal(before, fake->launches);
  simplicialCudaUnload(&module);
}

static void checks_the_grid(void **state) {
  (void)state;
  SimplicialCudaModule module = new_module();
  simplicialCudaLaunch(&module, "f", 0, 1, 1, 32, 1, 1, 0, NULL);
  simplicialCudaLaunch(&module, "f", 1, 0, 1, 32, 1, 1, 0, NULL);
  simplicialCudaLaunch(&module, "f", 1, 1, 0, 32, 1, 1, 0, NULL);
  assert_status(SIMPLICIAL_OK, simplicialTakeLaunchStatus());
  simplicialCudaLaunch(&module, "f", 1, 65536, 1, 32, 1, 1, 0, NULL);
  expect_error(simplicialTakeLaunchStatus(), SIMPLICIAL_INVALID_ARGUMENT,
               "kernel 'f'", "1 x 65536 x 1");
  simplicialCudaLaunch(&module, "f", INT64_C(1) << 31, 1, 1, 32, 1, 1, 0, NULL);
  expect_error(simplicialTakeLaunchStatus(), SIMPLICIAL_INVALID_ARGUMENT,
               "2147483648 x 1 x 1", "at most 2147483647 x 65535 x 65535");
  simplicialCudaLaunch(&module, "f", INT64_C(1) << 32, 1, 1, 32, 1, 1, 0, NULL);
  assert_status(SIMPLICIAL_INVALID_ARGUMENT, simplicialTakeLaunchStatus());
  simplicialCudaLaunch(&module, "f", 1, 1, 65536, 32, 1, 1, 0, NULL);
  assert_status(SIMPLICIAL_INVALID_ARGUMENT, simplicialTakeLaunchStatus());
  // A product that overflowed.
  simplicialCudaLaunch(&module, "f", INT64_MIN, 1, 1, 32, 1, 1, 0, NULL);
  expect_error(simplicialTakeLaunchStatus(), SIMPLICIAL_INVALID_ARGUMENT,
               "-9223372036854775808 x 1 x 1", "at most 2147483647");
  assert_int_equal(0, fake->launches);
  simplicialCudaLaunch(&module, "f", INT32_MAX, 65535, 65535, 32, 1, 1, 0,
                       NULL);
  assert_status(SIMPLICIAL_OK, simplicialTakeLaunchStatus());
  assert_int_equal(1, fake->launches);
  simplicialCudaUnload(&module);
}

static void reports_sizes(void **state) {
  (void)state;
  simplicialLaunchTooLarge(INT64_C(1) << 40, 1 << 30);
  expect_error(simplicialTakeLaunchStatus(), SIMPLICIAL_INVALID_ARGUMENT,
               "a size of 1099511627776", "at most 1073741824");
}

static void names_all_chips_of_a_module(void **state) {
  (void)state;
  SimplicialCudaModule module = {.image = image, .target = "sm_90,sm_120"};
  make_fail("cuModuleLoadData", CUDA_ERROR_NO_BINARY_FOR_GPU);
  launch(&module, "f", 0);
  expect_error(simplicialTakeLaunchStatus(), SIMPLICIAL_UNAVAILABLE,
               "kernels for sm_90,sm_120", "Fake GPU (sm_86)");
  make_fail(NULL, CUDA_SUCCESS); // the driver decides which of them it takes
  launch(&module, "f", 0);
  assert_status(SIMPLICIAL_OK, simplicialTakeLaunchStatus());
  simplicialCudaUnload(&module);
}

static void reports_the_first_error(void **state) {
  (void)state;
  SimplicialCudaModule module = new_module();
  make_fail("cuModuleLoadData", CUDA_ERROR_NO_BINARY_FOR_GPU);
  launch(&module, "f", 0);
  make_fail("cuLaunchKernel", CUDA_ERROR_LAUNCH_FAILED);
  launch(&module, "f", 0);
  SimplicialStatus status = simplicialTakeLaunchStatus();
  assert_non_null(strstr(status.message, "kernels for sm_80"));
  expect_error(status, SIMPLICIAL_UNAVAILABLE, "Fake GPU (sm_86)",
               "CUDA_ERROR_NO_BINARY_FOR_GPU");
  assert_status(SIMPLICIAL_OK, simplicialTakeLaunchStatus());
  launch(&module, "f", 0);
  expect_error(simplicialTakeLaunchStatus(), SIMPLICIAL_INTERNAL,
               "launching kernel 'f'", "CUDA_ERROR_LAUNCH_FAILED");
  make_fail("cuModuleGetFunction", CUDA_ERROR_NOT_FOUND);
  launch(&module, "g", 0);
  expect_error(simplicialTakeLaunchStatus(), SIMPLICIAL_INTERNAL, "kernel 'g'",
               "CUDA_ERROR_NOT_FOUND");
  make_fail("cuModuleGetFunction", (CUresult)98765);
  launch(&module, "g", 0);
  expect_error(simplicialTakeLaunchStatus(), SIMPLICIAL_INTERNAL, "kernel 'g'",
               "CUDA error 98765");

  make_fail(NULL, CUDA_SUCCESS); // Nothing is broken for good.
  launch(&module, "f", 0);
  launch(&module, "g", 0);
  assert_status(SIMPLICIAL_OK, simplicialTakeLaunchStatus());
  assert_int_equal(2, fake->launches);
  simplicialCudaUnload(&module);
  assert_int_equal(fake->loads, fake->unloads);
}

static void *launch_often(void *module) {
  for (int i = 0; i < 1000; ++i)
    simplicialCudaLaunch(module, i % 2 ? "f" : "g", 1, 1, 1, 32, 1, 1, 0, NULL);
  SimplicialStatus status = simplicialTakeLaunchStatus();
  simplicialStatusFree(status);
  return status.code ? module : NULL;
}

static void threads_share_a_module(void **state) {
  (void)state;
  enum { THREADS = 8 };
  SimplicialCudaModule module = new_module();
  simplicialCudaLaunch(&module, "h", 1, 1, 1, 32, 1, 1, 0, NULL);
  pthread_t threads[THREADS];
  for (int i = 0; i < THREADS; ++i)
    assert_int_equal(0,
                     pthread_create(&threads[i], NULL, launch_often, &module));
  for (int i = 0; i < THREADS; ++i) {
    void *failed;
    pthread_join(threads[i], &failed);
    assert_null(failed);
  }
  assert_int_equal(1, fake->loads);
  assert_int_equal(3, fake->lookups);
  assert_int_equal(1 + 1000 * THREADS, fake->launches);
  assert_int_equal(1, fake->retained);
  simplicialCudaUnload(&module);
}

static void *fail_elsewhere(void *module) {
  simplicialCudaLaunch(module, "f", 1, 65536, 1, 32, 1, 1, 0, NULL);
  return NULL; // without taking the status
}

static void errors_are_the_threads_own(void **state) {
  (void)state;
  SimplicialCudaModule module = new_module();
  pthread_t thread;
  assert_int_equal(0, pthread_create(&thread, NULL, fail_elsewhere, &module));
  pthread_join(thread, NULL);
  assert_status(SIMPLICIAL_OK, simplicialTakeLaunchStatus());
}

// Devices and memory ----------------------------------------------------------

static void describes_the_device(void **state) {
  (void)state;
  SimplicialCudaDevice device;
  assert_status(SIMPLICIAL_OK, simplicialCudaGetDevice(&device));
  assert_string_equal("Fake GPU", device.name);
  assert_int_equal(8, device.major);
  assert_int_equal(6, device.minor);
  make_fail("cuDeviceGetName", CUDA_ERROR_INVALID_VALUE);
  assert_status(SIMPLICIAL_INVALID_ARGUMENT, simplicialCudaGetDevice(&device));
}

static void numbers_the_device(void **state) {
  (void)state;
  int id = -1;
  assert_status(SIMPLICIAL_OK, simplicialCudaGetDeviceId(&id));
  assert_int_equal(0, id);
  set_context((CUcontext)4);
  assert_status(SIMPLICIAL_OK, simplicialCudaGetDeviceId(&id));
  assert_int_equal(3, id);
  make_fail("cuCtxGetDevice", CUDA_ERROR_INVALID_VALUE);
  expect_error(simplicialCudaGetDeviceId(&id), SIMPLICIAL_INVALID_ARGUMENT,
               "current device", "CUDA_ERROR_INVALID_VALUE");
  set_context((CUcontext)1);
}

static void manages_memory(void **state) {
  (void)state;
  const char text[] = "to the device and back";
  char back[sizeof text];
  void *data, *nothing;
  assert_status(SIMPLICIAL_OK, simplicialCudaAllocate(sizeof text, &data));
  assert_status(SIMPLICIAL_OK, simplicialCudaCopy(data, text, sizeof text));
  assert_status(SIMPLICIAL_OK, simplicialCudaSynchronize());
  assert_status(SIMPLICIAL_OK, simplicialCudaCopy(back, data, sizeof text));
  assert_string_equal(text, back);
  assert_status(SIMPLICIAL_OK, simplicialCudaFree(data));
  assert_status(SIMPLICIAL_OK, simplicialCudaAllocate(0, &nothing));
  assert_null(nothing);
  assert_status(SIMPLICIAL_OK, simplicialCudaCopy(NULL, NULL, 0));
  assert_status(SIMPLICIAL_OK, simplicialCudaFree(NULL));
  assert_int_equal(0, fake->allocated);

  const DLDataType f32 = {kDLFloat, 32, 1};
  const DLDevice gpu = {kDLCUDA, 0};
  DLManagedTensor *tensor;
  assert_status(SIMPLICIAL_OK,
                simplicialTensorCreate(f32, 1, (int64_t[]){5}, gpu, &tensor));
  assert_int_equal(kDLCUDA, tensor->dl_tensor.device.device_type);
  assert_int_equal(1, fake->allocated);
  tensor->deleter(tensor);
  assert_int_equal(0, fake->allocated);

  make_fail("cuMemAlloc_v2", CUDA_ERROR_OUT_OF_MEMORY);
  expect_error(simplicialCudaAllocate(12345, &data), SIMPLICIAL_OUT_OF_MEMORY,
               "12345 bytes", "CUDA_ERROR_OUT_OF_MEMORY");
  assert_null(data);
  assert_status(SIMPLICIAL_OUT_OF_MEMORY,
                simplicialTensorCreate(f32, 1, (int64_t[]){5}, gpu, &tensor));
  assert_null(tensor);
  make_fail("cuCtxSynchronize", CUDA_ERROR_ILLEGAL_ADDRESS);
  expect_error(simplicialCudaSynchronize(), SIMPLICIAL_INTERNAL, "waiting",
               "CUDA_ERROR_ILLEGAL_ADDRESS");
}

static void measures_time(void **state) {
  (void)state;
  SimplicialCudaEvent *start, *end;
  double seconds;
  assert_status(SIMPLICIAL_OK, simplicialCudaEventCreate(&start));
  assert_status(SIMPLICIAL_OK, simplicialCudaEventCreate(&end));
  simplicialSetStream((void *)0x55);
  assert_status(SIMPLICIAL_OK, simplicialCudaEventRecord(start));
  assert_ptr_equal(0x55, fake->stream);
  simplicialSetStream(NULL);
  assert_status(SIMPLICIAL_OK, simplicialCudaEventRecord(end));
  assert_status(SIMPLICIAL_OK,
                simplicialCudaEventElapsed(start, end, &seconds));
  assert_true(seconds > 1.9e-3 && seconds < 2.1e-3);
  make_fail("cuEventSynchronize", CUDA_ERROR_LAUNCH_FAILED);
  assert_status(SIMPLICIAL_INTERNAL,
                simplicialCudaEventElapsed(start, end, &seconds));
  simplicialCudaEventDestroy(start);
  simplicialCudaEventDestroy(end);
  simplicialCudaEventDestroy(NULL);
  assert_int_equal(0, fake->events);
  make_fail("cuEventCreate", CUDA_ERROR_OUT_OF_MEMORY);
  assert_status(SIMPLICIAL_OUT_OF_MEMORY, simplicialCudaEventCreate(&start));
  assert_null(start);
}

static void encodes_tensor_maps(void **state) {
  (void)state;
  static _Alignas(16) char data[16];
  SimplicialTensorMapInfo info = {.data = data,
                                  .elementBytes = 2,
                                  .rank = 3,
                                  .swizzle = 128,
                                  .sizes = {200, 100, 5},
                                  .strides = {2, 400, 40000},
                                  .box = {64, 8, 2}};
  // Maps are aligned on the way to the driver, not in the caller's memory.
  struct {
    uint64_t odd;
    SimplicialTensorMap map;
  } place = {0};
  assert_status(SIMPLICIAL_OK,
                simplicialCudaEncodeTensorMap(&info, &place.map));
  assert_int_equal(UINT64_C(0x5a5a5a5a5a5a5a5a), place.map.words[15]);
  assert_ptr_equal(data, fake->map.data);
  assert_int_equal(CU_TENSOR_MAP_DATA_TYPE_UINT16, fake->map.type);
  assert_int_equal(CU_TENSOR_MAP_SWIZZLE_128B, fake->map.swizzle);
  assert_int_equal(3, fake->map.rank);
  assert_memory_equal(((uint64_t[]){200, 100, 5, 0, 0}), fake->map.sizes,
                      sizeof fake->map.sizes);
  assert_memory_equal(((uint64_t[]){400, 40000, 0, 0, 0}), fake->map.strides,
                      sizeof fake->map.strides);
  assert_memory_equal(((uint32_t[]){64, 8, 2, 0, 0}), fake->map.box,
                      sizeof fake->map.box);
  assert_memory_equal(((uint32_t[]){1, 1, 1, 0, 0}), fake->map.steps,
                      sizeof fake->map.steps);

  make_fail("cuTensorMapEncodeTiled", CUDA_ERROR_INVALID_VALUE);
  expect_error(simplicialCudaEncodeTensorMap(&info, &place.map),
               SIMPLICIAL_INVALID_ARGUMENT, "encoding a tensor map",
               "CUDA_ERROR_INVALID_VALUE");
  // Compiled functions only learn that there is none.
  assert_int_equal(0, simplicialCudaTensorMap(&info, &place.map));
  assert_status(SIMPLICIAL_OK, simplicialTakeLaunchStatus());
  make_fail(NULL, CUDA_SUCCESS);
  assert_int_equal(1, simplicialCudaTensorMap(&info, &place.map));
  info.rank = 1;
  expect_error(simplicialCudaEncodeTensorMap(&info, &place.map),
               SIMPLICIAL_INVALID_ARGUMENT, "2 to 5 dimensions", "not 1");
}

/// Nothing has happened yet, and nothing fails. The context stays.
static int reset(void **state) {
  (void)state;
  int retained = fake->retained;
  memset(fake, 0, sizeof *fake);
  fake->retained = retained;
  return 0;
}

// Memory and copies between operations ----------------------------------------

static void allocates_on_the_stream(void **state) {
  (void)state;
  int stream;
  simplicialSetStream(&stream);
  void *data = simplicialAllocate(40, kDLCUDA);
  assert_non_null(data);
  assert_ptr_equal(fake->stream, &stream);
  assert_int_equal(fake->allocated, 1);
  // It is freed where it was allocated.
  simplicialSetStream(NULL);
  simplicialFree(data);
  assert_ptr_equal(fake->stream, &stream);
  assert_int_equal(fake->allocated, 0);
  make_fail("cuMemAllocAsync", CUDA_ERROR_OUT_OF_MEMORY);
  assert_null(simplicialAllocate(40, kDLCUDA));
  expect_error(simplicialTakeLaunchStatus(), SIMPLICIAL_OUT_OF_MEMORY,
               "40 bytes of device memory", "CUDA_ERROR_OUT_OF_MEMORY");
}

enum { FLOATS = 4096 };

/// Copies, and compares with what copying element by element gives.
static void check_copy(int rank, const int64_t *sizes, const int64_t *from,
                       const int64_t *to) {
  static float source[FLOATS], target[FLOATS], wanted[FLOATS];
  enum { MIDDLE = FLOATS / 2 };
  for (int i = 0; i < FLOATS; ++i)
    source[i] = (float)i, target[i] = wanted[i] = -1;
  SimplicialCudaCopy copy = {
      source + MIDDLE, target + MIDDLE, sizeof(float), rank, {0}, {0}, {0}};
  int64_t count = 1;
  for (int d = 0; d < rank; ++d) {
    copy.sizes[d] = sizes[d];
    copy.from_strides[d] = from[d];
    copy.to_strides[d] = to[d];
    count *= sizes[d];
  }
  for (int64_t i = 0; i < count; ++i) {
    int64_t rest = i, x = MIDDLE, y = MIDDLE;
    for (int d = rank - 1; d >= 0; rest /= sizes[d], --d) {
      x += rest % sizes[d] * from[d];
      y += rest % sizes[d] * to[d];
    }
    wanted[y] = source[x];
  }
  fake->copies = 0;
  simplicialCudaCopyStrided(&copy);
  assert_status(SIMPLICIAL_OK, simplicialTakeLaunchStatus());
  assert_memory_equal(target, wanted, sizeof target);
}

#define DIMS(...) ((const int64_t[]){__VA_ARGS__})

static void copies_what_is_strided(void **state) {
  (void)state;
  check_copy(0, NULL, NULL, NULL);
  assert_int_equal(fake->copies, 1);
  check_copy(4, DIMS(2, 3, 4, 8), DIMS(96, 32, 8, 1), DIMS(96, 32, 8, 1));
  assert_int_equal(fake->copies, 1);
  // Heads of a packed tensor: as many rows as there are positions, in one copy.
  check_copy(4, DIMS(2, 5, 2, 8), DIMS(240, 48, 8, 1), DIMS(80, 16, 8, 1));
  assert_int_equal(fake->copies, 1);
  check_copy(4, DIMS(2, 5, 2, 8), DIMS(500, 48, 8, 1), DIMS(80, 16, 8, 1));
  assert_int_equal(fake->copies, 2);
  // No rows: columns, broadcasts, and what goes backwards.
  check_copy(2, DIMS(3, 5), DIMS(1, 3), DIMS(5, 1));
  check_copy(2, DIMS(3, 5), DIMS(0, 1), DIMS(5, 1));
  check_copy(2, DIMS(3, 5), DIMS(-5, 1), DIMS(5, 1));
  check_copy(3, DIMS(3, 5, 2), DIMS(40, -4, -2), DIMS(10, 2, 1));
  check_copy(3, DIMS(1, 7, 1), DIMS(-9, 3, 0), DIMS(1, 1, 1));
  check_copy(2, DIMS(0, 5), DIMS(5, 1), DIMS(5, 1));
  assert_int_equal(fake->copies, 0);
}

static void reports_copies_that_fail(void **state) {
  (void)state;
  make_fail("cuMemcpy2DAsync_v2", CUDA_ERROR_INVALID_VALUE);
  float x = 0, y = 0;
  simplicialCudaCopyStrided(
      &(SimplicialCudaCopy){&x, &y, sizeof x, 0, {0}, {0}, {0}});
  expect_error(simplicialTakeLaunchStatus(), SIMPLICIAL_INVALID_ARGUMENT,
               "copying a tensor", "CUDA_ERROR_INVALID_VALUE");
}

int main(void) {
  // The fake must not be unloaded and loaded anew by a failing open.
  void *library = dlopen(SIMPLICIAL_FAKE_CUDA, RTLD_NOW | RTLD_LOCAL);
  if (!library)
    return 1;
  FakeCudaGet *get;
  *(void **)&get = dlsym(library, "fakeCuda");
  fake = get();
  *(void **)&set_context = dlsym(library, "cuCtxSetCurrent");
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup(no_driver, reset),
      cmocka_unit_test_setup(not_a_driver, reset),
      cmocka_unit_test_setup(no_device, reset),
      cmocka_unit_test_setup(launches, reset),
      cmocka_unit_test_setup(loads_once_a_context, reset),
      cmocka_unit_test_setup(asks_for_much_shared_memory, reset),
      cmocka_unit_test_setup(checks_the_grid, reset),
      cmocka_unit_test_setup(reports_sizes, reset),
      cmocka_unit_test_setup(names_all_chips_of_a_module, reset),
      cmocka_unit_test_setup(reports_the_first_error, reset),
      cmocka_unit_test_setup(threads_share_a_module, reset),
      cmocka_unit_test_setup(errors_are_the_threads_own, reset),
      cmocka_unit_test_setup(describes_the_device, reset),
      cmocka_unit_test_setup(numbers_the_device, reset),
      cmocka_unit_test_setup(manages_memory, reset),
      cmocka_unit_test_setup(measures_time, reset),
      cmocka_unit_test_setup(encodes_tensor_maps, reset),
      cmocka_unit_test_setup(allocates_on_the_stream, reset),
      cmocka_unit_test_setup(copies_what_is_strided, reset),
      cmocka_unit_test_setup(reports_copies_that_fail, reset),
  };
  int failed = cmocka_run_group_tests(tests, NULL, NULL);
  dlclose(library);
  return failed;
}
