TITLE Node of Ranvier of McIntyre, Richardson and Grill (2002, J. Neurophysiol. 87:995-1006, appendix), at 37 C

NEURON {
    THREADSAFE
    SUFFIX mrg_node
    NONSPECIFIC_CURRENT i
}

UNITS {
    (mA) = (milliamp)
    (mV) = (millivolt)
    (S) = (siemens)
}

PARAMETER {
    fast_na = 3.0 (S/cm2)
    persistent_na = 0.01 (S/cm2)
    slow_k = 0.08 (S/cm2)
    leak = 0.007 (S/cm2)
    e_na = 50 (mV)
    e_k = -90 (mV)
}

ASSIGNED {
    v (mV)
    i (mA/cm2)
    quick
    quick_h
    quick_s
}

STATE { m h p s }

INITIAL {
    quick = 2.2^1.7
    quick_h = 2.9^1.7
    quick_s = 3^0.1
    m = open_m(v) / (open_m(v) + close_m(v))
    h = open_h(v) / (open_h(v) + close_h(v))
    p = open_p(v) / (open_p(v) + close_p(v))
    s = open_s(v) / (open_s(v) + close_s(v))
}

BREAKPOINT {
    SOLVE gates METHOD cnexp
    i = (fast_na * m^3 * h + persistent_na * p^3) * (v - e_na) + (slow_k * s + leak) * (v - e_k)
}

DERIVATIVE gates {
    m' = open_m(v) * (1 - m) - close_m(v) * m
    h' = open_h(v) * (1 - h) - close_h(v) * h
    p' = open_p(v) * (1 - p) - close_p(v) * p
    s' = open_s(v) * (1 - s) - close_s(v) * s
}

FUNCTION open_m(v (mV)) (/ms) { open_m = quick * 1.86 * linoid(v + 21.4, 10.3) }
FUNCTION close_m(v (mV)) (/ms) { close_m = quick * 0.086 * linoid(-(v + 25.7), 9.16) }
FUNCTION open_h(v (mV)) (/ms) { open_h = quick_h * 0.062 * linoid(-(v + 114), 11) }
FUNCTION close_h(v (mV)) (/ms) { close_h = quick_h * 2.3 / (1 + exp(-(v + 31.8) / 13.4)) }
FUNCTION open_p(v (mV)) (/ms) { open_p = quick * 0.01 * linoid(v + 27, 10.2) }
FUNCTION close_p(v (mV)) (/ms) { close_p = quick * 0.00025 * linoid(-(v + 34), 10) }
FUNCTION open_s(v (mV)) (/ms) { open_s = quick_s * 0.3 / (1 + exp(-(v + 53) / 5)) }
FUNCTION close_s(v (mV)) (/ms) { close_s = quick_s * 0.03 / (1 + exp(-(v + 90))) }

: x / (1 - exp(-x/k)), and its limit at 0
FUNCTION linoid(x, k) {
    if (fabs(x / k) < 1e-6) {
        linoid = k + x / 2
    } else {
        linoid = x / (1 - exp(-x / k))
    }
}
