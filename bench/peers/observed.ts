// The engine itself with everything on that observes it: what that costs is the ratio.

import type { Scenario } from '../scenario.js'
import { scenarios as askHost } from '../scenarios/ask-host.js'
import { scenarios as askLocal } from '../scenarios/ask-local.js'
import { scenarios as tellCross } from '../scenarios/tell-cross.js'
import { observeSystems } from '../system.js'

export const peer = 'observed'

observeSystems()

export const scenarios: readonly Scenario[] = [...askHost, ...askLocal, ...tellCross]
