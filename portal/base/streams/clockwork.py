"""How long the numbers of live screens are kept."""

from portal.base.clock.services import kept

kept("streams", because="a name and a number; a screen that comes back must not find the number begun anew")
