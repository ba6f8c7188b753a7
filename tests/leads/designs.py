"""Leads to test with: simple ones, whose volumes follow from their sizes."""

from spinemodel.leads.design import Backing, Contact, LeadDesign

PLATE = Backing("paddle", length_mm=24, width_mm=8, thickness_mm=1.5, middle_mm=1.0)


def paddle(*contacts: Contact, backing: Backing = PLATE, metal_mm: float = 0.2, name: str = "toy") -> LeadDesign:
    """A paddle with a bar and a disc, unless other contacts are given."""
    chosen = contacts or (bar("bar", 1.0, 4.0, 2, 5), disc("disc", -1.5, -4.0, 3))
    return LeadDesign(name, "A toy", backing, chosen, metal_mm, "made up", False)


def cylinder(diameter: float = 1.3, metal_mm: float = 0.1) -> LeadDesign:
    """A percutaneous lead of three rings, 3 mm long and 4 mm apart."""
    rings = tuple(Contact(f"C{i}", "ring", 0.0, 7.0 - 7 * i, diameter, 3.0) for i in range(3))
    backing = Backing("cylinder", 30, diameter, diameter, -2.0)
    return LeadDesign("rod", "A rod", backing, rings, metal_mm, "made up", True)


def bar(name: str, u: float, v: float, width: float, length: float) -> Contact:
    """A rectangle."""
    return Contact(name, "rectangle", u, v, width, length)


def disc(name: str, u: float, v: float, diameter: float) -> Contact:
    """A disc."""
    return Contact(name, "disc", u, v, diameter, diameter)
