# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""simplicial.attention and attention_grad of NumPy's arrays, against float64."""

import os
import threading
import unittest

import data
import numpy as np
from data import LENGTHS, NAMES, START, assert_near, inputs

import simplicial

WINDOWS = {"w1": 3, "w2": 5}


class Attention(unittest.TestCase):
    def check(self, x, **options):
        out, lse = simplicial.attention(*x, return_lse=True, **options)
        want, want_lse = data.attention(*x, **{"causal": True} | options)
        self.assertEqual((out.dtype, lse.dtype), (x[0].dtype, np.float32))
        assert_near(self, out, want, out.dtype.name)
        assert_near(self, lse, want_lse)
        return out

    def test_attributes(self):
        x = inputs(d=48)
        self.check(x, **WINDOWS)
        self.check(x, w2=2, causal=False, scale=0.3, k2_bias=0.5, v2_bias=-1.5)
        self.check(x, w1=4, form="determinant")
        self.check(x, w1=4, form="pairwise", k2_bias=0.5)
        self.check(x, w1=np.int64(4), w2=np.int32(2), scale=np.float32(0.25), k2_bias=np.float64(1))

    def test_documents(self):
        self.check(inputs(), **WINDOWS, start=START)
        self.check(inputs(), w1=4, causal=False, start=np.repeat(START, 2, axis=1)[:, ::2])

    def test_lengths_of_sequences(self):
        self.check(inputs(), **WINDOWS, lengths=LENGTHS)
        out = simplicial.attention(*inputs(), **WINDOWS, lengths=np.array([-3, 99], np.int32))  # none, and all
        self.assertFalse(out[0].any())
        np.testing.assert_array_equal(out[1], simplicial.attention(*inputs(), **WINDOWS)[1])

    def test_two_lengths(self):
        x = inputs(n2=13)
        self.check(x, **WINDOWS)
        self.check(x, w1=4, causal=False, lengths=np.array([11, 7], np.int32))
        self.check(x, **WINDOWS, start=np.array([[0] * 10 + [9] * 10, [3] * 17 + [16] * 3], np.int32))
        self.check(inputs(nq=1, n=3, n2=5), **WINDOWS)  # rings

    def test_lengths_share_a_function(self):
        before = len(simplicial._functions._functions)
        for b, nq, n in ((1, 1, 1), (3, 7, 7), (2, 17, 33)):
            self.check(inputs(b, nq, n, hk=1), **WINDOWS)
        self.assertEqual(len(simplicial._functions._functions), before + 1)

    def test_few_queries_have_their_own(self):
        before = len(simplicial._functions._functions)
        for nq, n in ((1, 300), (1, 700), (16, 300), (16, 17)):
            self.check(inputs(2, nq, n, hk=1), w1=2, w2=None)
        self.assertEqual(len(simplicial._functions._functions), before + 2)

    def test_types(self):
        self.check(inputs(dtype=np.float16), **WINDOWS)

    def test_lse_is_optional(self):
        x = inputs()
        np.testing.assert_array_equal(simplicial.attention(*x, **WINDOWS), self.check(x, **WINDOWS))

    def test_empty(self):
        out = simplicial.attention(*inputs(b=0), **WINDOWS)
        self.assertEqual(out.shape, (0, 6, 4, 16))
        out, lse = simplicial.attention(*inputs(n=0), return_lse=True, **WINDOWS)
        self.assertTrue((out == 0).all() and (lse == -np.inf).all())

    def test_strides(self):
        x = inputs()
        heads_first = [np.ascontiguousarray(t.swapaxes(1, 2)).swapaxes(1, 2) for t in x]
        self.check(heads_first, **WINDOWS)
        fused = np.concatenate(x[1:], axis=2)
        self.check([x[0], *(fused[:, :, 2 * i:2 * i + 2] for i in range(4))], **WINDOWS)
        self.check([np.broadcast_to(t[:1], t.shape) for t in x], **WINDOWS)
        self.check([t[:, ::-1] for t in x], **WINDOWS)

    def test_what_is_copied(self):
        x = inputs()
        self.check([np.asfortranarray(t) for t in x], **WINDOWS)
        packed = [np.zeros(t.shape, [("pad", np.int8), ("x", np.float32)]) for t in x]
        for t, value in zip(packed, x):
            t["x"] = value
        self.check([t["x"] for t in packed], **WINDOWS)
        big_endian = [t.astype(">f4") for t in x]
        assert_near(self, simplicial.attention(*big_endian, **WINDOWS), data.attention(*x, causal=True, **WINDOWS)[0])

    def test_inputs_stay(self):
        x = inputs()
        for t in x:
            t.flags.writeable = False
        self.check(x, **WINDOWS)

    def test_threads(self):
        jobs = [inputs(1 + i % 3, 4, 12 + i, seed=i) for i in range(8)]
        want = [simplicial.attention(*x, **WINDOWS) for x in jobs]
        wrong = []

        def work(i):
            for _ in range(30):
                if not np.array_equal(simplicial.attention(*jobs[i], **WINDOWS), want[i]):
                    wrong.append(i)

        threads = [threading.Thread(target=work, args=(i,)) for i in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(wrong, [])

    def test_after_fork(self):
        x = inputs()
        want = simplicial.attention(*x, **WINDOWS)
        child = os.fork()
        if not child:
            fine = False
            try:
                fine = np.array_equal(simplicial.attention(*x, **WINDOWS), want)
                simplicial.attention(*x, w1=6)  # compiles
            finally:
                os._exit(0 if fine else 1)
        self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), 0)

    def test_number_of_threads(self):
        for count in (1, 3):
            simplicial.set_num_threads(count)
            self.assertEqual(simplicial.get_num_threads(), count)
            self.check(inputs(), **WINDOWS)
        simplicial.set_num_threads(0)


class Gradients(unittest.TestCase):
    def test_all_and_some(self):
        x = inputs()
        d_out = inputs(seed=9)[0]
        out, lse = simplicial.attention(*x, return_lse=True, **WINDOWS)
        want = data.attention_grad(*x, d_out, causal=True, **WINDOWS)
        got = simplicial.attention_grad(*x, out, lse, d_out, **WINDOWS)
        for name, g, w in zip(NAMES, got, want):
            with self.subTest(name):
                assert_near(self, g, w)
        got = simplicial.attention_grad(*x, out, lse, d_out, **WINDOWS, wanted=("v1", "q"))
        self.assertEqual([g is None for g in got], [False, True, True, False, True])
        assert_near(self, got[0], want[0])
        assert_near(self, got[3], want[3])

    def test_documents(self):
        x = inputs()
        d_out = inputs(seed=9)[0]
        out, lse = simplicial.attention(*x, return_lse=True, **WINDOWS, start=START)
        want = data.attention_grad(*x, d_out, causal=True, **WINDOWS, start=START)
        got = simplicial.attention_grad(*x, out, lse, d_out, **WINDOWS, start=START)
        for name, g, w in zip(NAMES, got, want):
            with self.subTest(name):
                assert_near(self, g, w)

    def test_lengths_of_sequences(self):
        x = inputs()
        d_out = inputs(seed=9)[0]
        out, lse = simplicial.attention(*x, return_lse=True, **WINDOWS, lengths=LENGTHS)
        want = data.attention_grad(*x, d_out, causal=True, **WINDOWS, lengths=LENGTHS)
        for g, w in zip(simplicial.attention_grad(*x, out, lse, d_out, **WINDOWS, lengths=LENGTHS), want):
            assert_near(self, g, w)

    def test_two_lengths(self):
        for options in {}, {"lengths": np.array([11, 7], np.int32)}:
            x = inputs(n2=13)
            d_out = inputs(seed=9)[0]
            out, lse = simplicial.attention(*x, return_lse=True, **WINDOWS, **options)
            want = data.attention_grad(*x, d_out, causal=True, **WINDOWS, **options)
            for g, w in zip(simplicial.attention_grad(*x, out, lse, d_out, **WINDOWS, **options), want):
                assert_near(self, g, w)

    def test_strided_d_out(self):
        x = inputs()
        d_out = inputs(seed=9)[0]
        out, lse = simplicial.attention(*x, return_lse=True, **WINDOWS)
        want = simplicial.attention_grad(*x, out, lse, d_out, **WINDOWS)
        got = simplicial.attention_grad(*x, out, lse, np.asfortranarray(d_out), **WINDOWS)
        for g, w in zip(got, want):
            np.testing.assert_array_equal(g, w)


class Errors(unittest.TestCase):
    def refuse(self, text, change, kind=simplicial.Error, **options):
        x = inputs()
        change(x)
        with self.assertRaisesRegex(kind, text):
            simplicial.attention(*x, **WINDOWS | options)

    def test_documents(self):
        for text, start in (("element type int64; int32 is taken", START.astype(np.int64)), ("rank 1", START[0]),
                            ("start dimension 1 is 8 instead of 9", START[:, 1:])):
            self.refuse(text, lambda x: None, start=start)
        self.refuse("lengths has rank 2", lambda x: None, lengths=START)
        self.refuse("lengths dimension 0 is 1 instead of 2", lambda x: None, lengths=LENGTHS[:1])
        self.refuse("either start or lengths", lambda x: None, start=START, lengths=LENGTHS)

    def test_arguments(self):
        keep = lambda x: None
        self.refuse("k1 has element type f16 instead of f32", lambda x: x.__setitem__(1, x[1].astype(np.float16)))
        self.refuse("v2 dimension 1 is 8 instead of 9", lambda x: x.__setitem__(4, x[4][:, :8]))
        self.refuse("v2 dimension 1 is 9 instead of 8", lambda x: x.__setitem__(2, x[2][:, :8]))  # k2 has its own N
        self.refuse("v1 has rank 3 instead of 4", lambda x: x.__setitem__(3, x[3][0]))
        self.refuse("q has rank 5 instead of 4", lambda x: x.__setitem__(0, x[0][None]))
        self.refuse("must be f32, f16 or bf16", lambda x: x.__setitem__(slice(5), inputs(dtype=np.float64)))
        self.refuse("q has element type int64", lambda x: x.__setitem__(0, x[0].astype(np.int64)))
        self.refuse("multiple of 16", lambda x: x.__setitem__(slice(5), inputs(d=24)))
        self.refuse("not a multiple of 3 key heads", lambda x: x.__setitem__(slice(1, 5), inputs(hk=3)[1:]))
        self.refuse("k2 is a list", lambda x: x.__setitem__(2, x[2].tolist()), TypeError)
        self.refuse("'w1' must be at least 1, not 0", keep, w1=0)
        self.refuse("float", keep, TypeError, w1=2.5)
        self.refuse("'scale' must be positive, not -1", keep, scale=-1)
        self.refuse("'form' must be", keep, form="linear")
        simplicial.attention(*inputs(), **WINDOWS)  # all is as it was

    def test_wanted(self):
        x = inputs()
        out, lse = simplicial.attention(*x, return_lse=True, **WINDOWS)
        for wanted in (("w",), ()):
            with self.assertRaisesRegex(simplicial.Error, "wanted is"):
                simplicial.attention_grad(*x, out, lse, out, **WINDOWS, wanted=wanted)
        with self.assertRaisesRegex(simplicial.Error, "lse has rank 4 instead of 3"):
            simplicial.attention_grad(*x, out, out, out, **WINDOWS)


if __name__ == "__main__":
    unittest.main()
