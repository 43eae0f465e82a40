// What the layers above may use of the cluster layer. It is loaded on the net thread alone: here is only where that begins.

import { setNetBoot } from '../system/index.js'

setNetBoot(new URL('./cluster-boot.js', import.meta.url))
