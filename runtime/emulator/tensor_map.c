// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Tensor maps, and cp.async.bulk.tensor: loads, which count down the bytes that
// an mbarrier expects, and stores, which are waited for in groups. They arrive
// one by one, in a random order.

#include "tensor_map.h"

#include "mbarrier.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_RANK = SIMPLICIAL_TENSOR_MAP_RANK, ALIGNMENT = 128, UNIT = 16 };

// "tensmap": what a map begins with.
#define MAGIC UINT64_C(0x70616d736e6574)

typedef struct Map {
  uint64_t magic;
  uint64_t data;
  int64_t strides[MAX_RANK - 1]; ///< from the second dimension on
  uint32_t last[MAX_RANK];       ///< the last element of each dimension
  uint16_t box[MAX_RANK];
  uint8_t rank, element_bytes, swizzle;
} Map;

_Static_assert(sizeof(Map) <= sizeof(SimplicialTensorMap), "opaque bytes");

SimplicialStatus
simplicialEmulatorEncodeTensorMap(const SimplicialTensorMapInfo *info,
                                  SimplicialTensorMap *map) {
  SimplicialStatus status = simplicialTensorMapCheck(info);
  if (status.code)
    return status;
  Map self = {.magic = MAGIC,
              .data = (uintptr_t)info->data,
              .rank = (uint8_t)info->rank,
              .element_bytes = (uint8_t)info->elementBytes,
              .swizzle = (uint8_t)info->swizzle};
  for (int d = 0; d < info->rank; ++d) {
    self.last[d] = (uint32_t)(info->sizes[d] - 1);
    self.box[d] = (uint16_t)info->box[d];
    if (d)
      self.strides[d - 1] = info->strides[d];
  }
  memcpy(map, &self, sizeof self);
  return status;
}

// Copies on their way ---------------------------------------------------------

struct Flight {
  Thread *thread;
  uint32_t site;
  Map map;
  int32_t at[MAX_RANK]; ///< where the box begins
  uint32_t offset;      ///< of the box in shared memory
  Mbarrier *mbarrier;   ///< NULL: a store
  uint32_t phase;       ///< of the mbarrier
  uint32_t group;       ///< of the thread's stores
};

static uint32_t row_bytes(const Map *map) {
  return (uint32_t)map->box[0] * map->element_bytes;
}

static uint32_t row_count(const Map *map) {
  uint32_t rows = 1;
  for (int d = 1; d < map->rank; ++d)
    rows *= map->box[d];
  return rows;
}

static uint32_t box_bytes(const Map *map) {
  return row_count(map) * row_bytes(map);
}

/// The bytes from `low` to `high` of a row of the box are in the tensor, byte 0
/// (be it there or not) at `address`.
typedef struct Row {
  uint64_t address;
  int64_t low, high;
} Row;

static Row row_of(const Flight *self, uint32_t row) {
  const Map *map = &self->map;
  uint64_t address = map->data;
  bool inside = true;
  for (int d = 1; d < map->rank; ++d) {
    int64_t i = (int64_t)self->at[d] + row % map->box[d];
    row /= map->box[d];
    inside &= i >= 0 && i <= map->last[d];
    address += (uint64_t)(i * map->strides[d - 1]);
  }
  int64_t bytes = map->element_bytes, first = self->at[0];
  int64_t low = first < 0 ? -first : 0, high = map->last[0] + 1 - first;
  high = high < map->box[0] ? high : map->box[0];
  if (!inside || low >= high)
    low = high = 0;
  return (Row){address + (uint64_t)(first * bytes), low * bytes, high * bytes};
}

/// Copies a granule of the row, which begins with its byte `first`.
static void copy_granule(const Flight *self, const Row *row, char *shared,
                         int64_t first) {
  int64_t low = row->low > first ? row->low : first;
  int64_t high = row->high < first + GRANULE ? row->high : first + GRANULE;
  if (self->mbarrier)
    memset(shared, 0, GRANULE);
  if (low >= high)
    return;
  char *global = (char *)(uintptr_t)(row->address + (uint64_t)low);
  shared += low - first;
  if (self->mbarrier)
    memcpy(shared, global, (size_t)(high - low));
  else
    memcpy(global, shared, (size_t)(high - low));
}

static void land(const Flight *self) {
  uint32_t bytes = row_bytes(&self->map);
  for (uint32_t r = 0; r < row_count(&self->map); ++r) {
    Row row = row_of(self, r);
    for (uint32_t i = 0; i < bytes; i += GRANULE) {
      uint32_t place =
          swizzled(self->offset + r * bytes + i, self->map.swizzle);
      copy_granule(self, &row, self->thread->block->shared + place, i);
    }
  }
  if (self->mbarrier)
    mbarrier_end_load(self->thread, self->site, self->mbarrier, self->phase,
                      box_bytes(&self->map));
}

static void land_number(Block *block, size_t i) {
  Flight flight = block->flights[i];
  block->flights[i] = block->flights[--block->flight_count];
  land(&flight);
}

void flights_destroy(Block *block) { free(block->flights); }

void flights_reset(Block *block) { block->flight_count = 0; }

bool flights_progress(Block *block) {
  if (!block->flight_count)
    return false;
  land_number(block, random_below(block, (uint32_t)block->flight_count));
  return true;
}

void flights_drift(Block *block) {
  if (block->flight_count && !random_below(block, 4))
    flights_progress(block);
}

static void add_flight(Flight flight) {
  Block *block = flight.thread->block;
  if (block->flight_count == block->flight_capacity) {
    size_t capacity = block->flight_capacity ? 2 * block->flight_capacity : 16;
    Flight *flights = realloc(block->flights, capacity * sizeof *flights);
    if (!flights)
      thread_fail(flight.thread, flight.site, "out of memory");
    block->flights = flights;
    block->flight_capacity = capacity;
  }
  block->flights[block->flight_count++] = flight;
  flights_drift(block);
  thread_stop_on_error(flight.thread);
}

// Instructions ----------------------------------------------------------------

static Map map_at(Thread *thread, uint32_t site, const void *address) {
  Map map;
  memcpy(&map, address, sizeof map);
  if (map.magic != MAGIC)
    thread_fail(thread, site, "this is no tensor map");
  return map;
}

/// A copy, but for what it is waited for by, checked.
static Flight flight_of(Thread *thread, uint32_t site, const char *verb,
                        const char *global_verb, const void *map,
                        uint64_t shared, int rank, const uint32_t *at) {
  Flight self = {thread, site, .map = map_at(thread, site, map)};
  if (self.map.rank != rank)
    thread_fail(thread, site, "%d coordinates for a tensor map of %d", rank,
                self.map.rank);
  self.offset = shared_offset(thread, site, verb, shared, box_bytes(&self.map),
                              ALIGNMENT);
  for (int d = 0; d < rank; ++d)
    self.at[d] = (int32_t)at[d];
  // The PTX ISA does not say it; an H200 has it as an illegal instruction.
  if ((int64_t)self.at[0] * self.map.element_bytes % UNIT)
    thread_fail(thread, site,
                "misaligned: rows of the box begin at element %lld, which is "
                "no multiple of %d bytes",
                (long long)self.at[0], UNIT);
  for (uint32_t r = 0; r < row_count(&self.map); ++r) {
    Row row = row_of(&self, r);
    if (row.low < row.high)
      global_check(thread, site, global_verb, row.address + (uint64_t)row.low,
                   (uint32_t)(row.high - row.low), 1);
  }
  return self;
}

static void load(Thread *thread, uint32_t site, uint64_t to, const void *map,
                 int rank, const uint32_t *at, uint64_t mbarrier) {
  Flight self = flight_of(thread, site, "writes", "reads", map, to, rank, at);
  self.mbarrier = mbarrier_at(thread, site, mbarrier);
  self.phase = self.mbarrier->phase;
  Epoch epoch = mbarrier_begin_load(thread, site, self.mbarrier);
  shared_async_write(thread, site, self.offset, box_bytes(&self.map), epoch);
  add_flight(self);
}

static void store(Thread *thread, uint32_t site, const void *map, uint64_t from,
                  int rank, const uint32_t *at) {
  Flight self = flight_of(thread, site, "reads", "writes", map, from, rank, at);
  if (thread->store_agent < 0)
    thread->store_agent = clocks_add_agent(&thread->block->clocks);
  if (thread->store_agent < 0)
    thread_fail(thread, site, "too many of the block's threads store tensors");
  self.group = thread->store_group;
  thread->store_last = self.group + 1;
  thread->store_site = site;
  shared_async_read(thread, 1, site, self.offset, box_bytes(&self.map),
                    agent_epoch(thread->store_agent, self.group + 1));
  add_flight(self);
}

#define AT(...)                                                                \
  (sizeof((uint32_t[]){__VA_ARGS__}) / 4), (uint32_t[]) { __VA_ARGS__ }
#define DEFINE(rank, parameters, ...)                                          \
  void simplicialEmulateTensorLoad##rank(Thread *thread, uint32_t site,        \
                                         uint64_t to, const void *map,         \
                                         parameters, uint64_t mbarrier) {      \
    load(thread, site, to, map, AT(__VA_ARGS__), mbarrier);                    \
  }                                                                            \
  void simplicialEmulateTensorStore##rank(Thread *thread, uint32_t site,       \
                                          const void *map, uint64_t from,      \
                                          parameters) {                        \
    store(thread, site, map, from, AT(__VA_ARGS__));                           \
  }
DEFINE(2, AT_PARAMETERS2, x, y)
DEFINE(3, AT_PARAMETERS3, x, y, z)
DEFINE(4, AT_PARAMETERS4, x, y, z, u)
DEFINE(5, AT_PARAMETERS5, x, y, z, u, v)

void simplicialEmulateTensorPrefetch(Thread *thread, uint32_t site,
                                     const void *map) {
  map_at(thread, site, map);
}

void simplicialEmulateStoreCommit(Thread *thread, uint32_t site) {
  (void)site;
  ++thread->store_group;
}

void simplicialEmulateStoreWait(Thread *thread, uint32_t site,
                                uint32_t groups) {
  (void)site;
  Block *block = thread->block;
  for (size_t i = block->flight_count; i-- > 0;) {
    const Flight *flight = &block->flights[i];
    if (flight->thread == thread && !flight->mbarrier &&
        flight->group + groups < thread->store_group)
      land_number(block, i);
  }
  if (thread->store_agent >= 0 && groups < thread->store_group) {
    thread->store_waited = thread->store_group - groups;
    clocks_see_agent(&block->clocks, thread->index, thread->store_agent,
                     thread->store_waited);
  }
}

void flights_finish(Block *block) {
  for (int t = 0; t < block->n; ++t) {
    Thread *thread = &block->threads[t];
    if (thread->store_waited < thread->store_last)
      thread_error(thread, thread->store_site,
                   "the kernel ends and the thread has not waited for this");
  }
}
