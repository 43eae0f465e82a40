// What the layers above may use of the cluster layer. All but a hash runs on the net thread alone: here is where that begins.

import { setNetBoot } from '../system/index.js'

export { ownerOf } from './protocol/index.js'

setNetBoot(new URL('./cluster-boot.js', import.meta.url))
