// The worker of the peer workerpool.

import workerpool from 'workerpool'
import { add } from './task.js'

workerpool.worker({ add })
