// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// SIMPLICIAL_API: what the libraries of the runtime show. They are built with
// everything else hidden.

#ifndef SIMPLICIAL_EXPORT_H
#define SIMPLICIAL_EXPORT_H

#if defined(__GNUC__)
#define SIMPLICIAL_API __attribute__((visibility("default")))
#else
#define SIMPLICIAL_API
#endif

#endif // SIMPLICIAL_EXPORT_H
