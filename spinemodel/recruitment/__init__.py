"""Which nerve fibres a field makes fire, at what current: populations of axons, their models, thresholds and curves."""
