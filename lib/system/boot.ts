// Where an engine thread begins.

import { beginThread } from './begin.js'

beginThread()
