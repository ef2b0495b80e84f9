// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The .npy format: "\x93NUMPY", a version, the header's length, the header (a
// Python dictionary padded with spaces) and the elements.
//
//   {'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }

#include "npy.h"

#include "number.h"
#include "tensor.h"

#include <stdlib.h>
#include <string.h>

static const char magic[] = "\x93NUMPY";
enum { MAGIC = sizeof magic - 1, VERSION = MAGIC, LENGTH = MAGIC + 2 };

typedef struct Header {
  DLDataType type;
  bool swapped, fortran;
  int rank;
  int64_t shape[SIMPLICIAL_MAX_RANK];
} Header;

/// The text after `'key':`, or NULL.
static const char *find_key(const char *dictionary, const char *key) {
  char quoted[24];
  snprintf(quoted, sizeof quoted, "'%s':", key);
  const char *found = strstr(dictionary, quoted);
  if (!found)
    return NULL;
  found += strlen(quoted);
  return found + strspn(found, " ");
}

/// NumPy has no bf16: those of ml_dtypes, as JAX has them, are saved as two
/// bytes of no type, V2.
static const char *parse_type(const char *text, Header *header) {
  static const char problem[] = "its elements are not floats of 2, 4 or 8 "
                                "bytes (dtype f2, f4 or f8; V2 is bf16), nor "
                                "integers of 4 (i4)";
  if (!text || text[0] != '\'' || !text[1] || !strchr("<>=|", text[1]) ||
      !text[2] || !text[3] || text[4] != '\'')
    return problem;
  bool is_bf16 = text[2] == 'V' && text[3] == '2';
  bool is_float = text[2] == 'f' && strchr("248", text[3]) && text[1] != '|';
  bool is_i32 = text[2] == 'i' && text[3] == '4' && text[1] != '|';
  if (!is_bf16 && !is_float && !is_i32)
    return problem;
  header->swapped = text[1] == '>';
  header->type = (DLDataType){is_bf16  ? kDLBfloat
                              : is_i32 ? kDLInt
                                       : kDLFloat,
                              (uint8_t)(8 * (text[3] - '0')), 1};
  return NULL;
}

static const char *parse_shape(const char *text, Header *header) {
  static const char problem[] = "its header has no valid shape";
  if (!text || *text != '(')
    return problem;
  ++text;
  while (*(text += strspn(text, " ")) != ')') {
    if (*text < '0' || *text > '9')
      return problem;
    if (header->rank == SIMPLICIAL_MAX_RANK)
      return "it has more than 8 dimensions";
    if (!number_take(&text, &header->shape[header->rank++]))
      return "its shape is too large";
    text += strspn(text, " ");
    if (*text == ',')
      ++text;
    else if (*text != ')')
      return problem;
  }
  return NULL;
}

/// Parses the `size` header bytes at `text`; what is wrong, or NULL.
static const char *parse_dictionary(const char *text, size_t size,
                                    Header *header) {
  char *copy = strndup(text, size);
  if (!copy)
    return "memory ran out";
  const char *order = find_key(copy, "fortran_order");
  const char *problem = parse_type(find_key(copy, "descr"), header);
  if (!problem)
    problem = parse_shape(find_key(copy, "shape"), header);
  header->fortran = order && !strncmp(order, "True", 4);
  if (!problem && !header->fortran && (!order || strncmp(order, "False", 5)))
    problem = "its header has no valid fortran_order";
  free(copy);
  return problem;
}

/// Finds the elements and counts them; what is wrong with the file, or NULL.
static const char *parse(const Bytes *file, Header *header,
                         const char **elements, int64_t *count) {
  const unsigned char *bytes = (const unsigned char *)file->data;
  size_t length, start = LENGTH + 2;
  if (file->size < start || memcmp(bytes, magic, MAGIC))
    return "it is no .npy file";
  length = bytes[LENGTH] | (size_t)bytes[LENGTH + 1] << 8;
  if (bytes[VERSION] > 1) {
    start += 2;
    if (bytes[VERSION] > 3 || file->size < start)
      return "its version of .npy is unknown";
    length |= (size_t)bytes[LENGTH + 2] << 16 | (size_t)bytes[LENGTH + 3] << 24;
  }
  if (file->size - start < length)
    return "it ends before its header does";
  const char *problem = parse_dictionary(file->data + start, length, header);
  if (problem)
    return problem;

  if (!tensor_fits(header->type, header->rank, header->shape))
    return "its shape is too large";
  const DLTensor tensor = {
      .ndim = header->rank, .dtype = header->type, .shape = header->shape};
  *count = simplicialTensorElementCount(&tensor);
  size_t size = (size_t)simplicialTensorByteSize(&tensor);
  *elements = file->data + start + length;
  size_t there = file->size - start - length;
  return there < size   ? "it ends before its elements do"
         : there > size ? "it goes on after its elements"
                        : NULL;
}

/// Copies the elements into row-major order and this machine's byte order.
static void arrange(const Header *header, const char *from, char *to,
                    int64_t count) {
  if (count == 0)
    return; // and the other dimensions may be of any size
  int64_t size = header->type.bits / 8;
  int64_t stride[SIMPLICIAL_MAX_RANK], index[SIMPLICIAL_MAX_RANK] = {0};
  int64_t next = 1;
  for (int i = 0; i < header->rank; ++i) {
    int d = header->fortran ? i : header->rank - 1 - i;
    stride[d] = next;
    next *= header->shape[d];
  }
  int64_t place = 0;
  for (int64_t n = 0; n < count; ++n, to += size) {
    for (int64_t b = 0; b < size; ++b)
      to[b] = from[place * size + (header->swapped ? size - 1 - b : b)];
    for (int d = header->rank - 1; d >= 0; --d) {
      place += stride[d];
      if (++index[d] < header->shape[d])
        break;
      place -= index[d] * stride[d];
      index[d] = 0;
    }
  }
}

SimplicialStatus npy_read(const char *path, Npy *npy) {
  *npy = (Npy){0};
  Bytes file;
  SimplicialStatus status = file_read(path, &file);
  if (status.code)
    return status;
  Header header = {0};
  const char *elements = NULL;
  int64_t count;
  const char *problem = parse(&file, &header, &elements, &count);
  if (problem) {
    free(file.data);
    return simplicialError(SIMPLICIAL_INVALID_ARGUMENT, "cannot use '%s': %s",
                           path, problem);
  }
  npy->type = header.type;
  npy->rank = header.rank;
  memcpy(npy->shape, header.shape, sizeof npy->shape);
  npy->elements = malloc((size_t)count * (header.type.bits / 8) + 1);
  if (npy->elements)
    arrange(&header, elements, npy->elements, count);
  else
    status = simplicialError(SIMPLICIAL_OUT_OF_MEMORY, "out of memory for '%s'",
                             path);
  free(file.data);
  return status;
}

void npy_free(Npy *npy) {
  free(npy->elements);
  npy->elements = NULL;
}

static SimplicialStatus write_header(OutputFile *file, DLDataType type,
                                     const DLTensor *tensor) {
  enum { ALIGNMENT = 64 };
  char header[LENGTH + 2 + 256]; // a shape of 8 numbers takes at most 176
  int size = LENGTH + 2;
  size += sprintf(header + size,
                  "{'descr': '<%c%d', 'fortran_order': False, 'shape': (",
                  type.code == kDLInt ? 'i' : 'f', type.bits / 8);
  for (int d = 0; d < tensor->ndim; ++d)
    size += sprintf(header + size, "%lld, ", (long long)tensor->shape[d]);
  size += sprintf(header + size, "), }");
  while (size % ALIGNMENT != ALIGNMENT - 1)
    header[size++] = ' ';
  header[size++] = '\n';
  int length = size - LENGTH - 2;
  memcpy(header, magic, MAGIC);
  header[VERSION] = 1;
  header[VERSION + 1] = 0;
  header[LENGTH] = (char)(length & 0xff);
  header[LENGTH + 1] = (char)(length >> 8);
  return output_write(file, header, (size_t)size);
}

SimplicialStatus npy_write(OutputFile *file, const DLTensor *tensor) {
  enum { CHUNK = 1024 };
  const DLDataType f32 = {kDLFloat, 32, 1};
  DLDataType type = tensor->dtype.code == kDLBfloat ? f32 : tensor->dtype;
  int64_t count = simplicialTensorElementCount(tensor);
  const char *elements = simplicialTensorData(tensor);
  SimplicialStatus status = write_header(file, type, tensor);
  for (int64_t i = 0; i < count && !status.code; i += CHUNK) {
    double chunk[CHUNK]; // of the widest type
    int64_t n = count - i < CHUNK ? count - i : CHUNK;
    status = simplicialConvert(
        chunk, type, elements + i * (tensor->dtype.bits / 8), tensor->dtype, n);
    if (!status.code)
      status = output_write(file, chunk, (size_t)n * (type.bits / 8));
  }
  return status;
}
