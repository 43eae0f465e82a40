// Where the net thread begins. It has a slot of the engine like any other, and runs no code of the user's.

import { beginThread } from '../system/index.js'
import { ClusterNode } from './node.js'

beginThread(({ local, system, maxMessageBytes }) => {
  local.net = new ClusterNode(local, system, maxMessageBytes)
})
