// Runs Bluesky's own servers (PLC directory, PDS, AppView and what they need) for devnet.py, which starts and stops this.
//
// usage: node network.mjs INSTALLATION   with POSTGRES_URL, REDIS_HOST, RATE_LIMITS (0 or 1) and READY_FD in the environment
//
// Once everything answers, one line of JSON with the addresses is written to file descriptor READY_FD. There is no clean shutdown:
// all data is thrown away, so devnet.py simply kills the process.
import dns from 'node:dns'
import fs from 'node:fs'
import http from 'node:http'
import { createRequire } from 'node:module'
import net from 'node:net'
import path from 'node:path'
import { pathToFileURL } from 'node:url'

const LOOPBACK = '127.0.0.1'
const READY_FD = Number(process.env.READY_FD)

// dev-env's servers name no host and would therefore listen on every interface of the machine. No option of theirs changes
// that, hence this patch, which must stand before they are loaded. Sockets without a port (pipes) are left alone.
function stayOnLoopback() {
  const listen = net.Server.prototype.listen
  net.Server.prototype.listen = function (...args) {
    const [target] = args
    const isPort = typeof target === 'number' || /^\d+$/.test(String(target))
    const options = isPort ? { port: Number(target) } : target
    if (options === null || typeof options !== 'object' || options.port === undefined) {
      return listen.apply(this, args)
    }
    const whenListening = args.find((arg) => typeof arg === 'function')
    return listen.call(this, { ...options, host: LOOPBACK }, whenListening)
  }
  // The servers call each other "localhost", which is ::1 first on many machines, where now nobody listens.
  dns.setDefaultResultOrder('ipv4first')
}

// POST /settle answers once the AppView has read everything the PDS holds, so that tests need not sleep and hope.
async function serveControls(network) {
  const server = http.createServer(async (request, response) => {
    try {
      if (request.method !== 'POST' || request.url !== '/settle') {
        response.writeHead(404).end()
        return
      }
      await network.processAll(20_000)
      response.writeHead(204).end()
    } catch (problem) {
      console.error('settle:', problem)
      response.writeHead(500).end(String(problem))
    }
  })
  await new Promise((resolve) => server.listen(0, resolve))
  return `http://${LOOPBACK}:${server.address().port}`
}

stayOnLoopback()
const installation = path.resolve(process.argv[2])
// This file lies in the source tree and the packages do not, so they are looked up from where they were installed.
const packages = createRequire(path.join(installation, 'package.json'))
const { TestNetwork } = await import(pathToFileURL(packages.resolve('@atproto/dev-env')).href)

const network = await TestNetwork.create({
  dbPostgresUrl: process.env.POSTGRES_URL,
  dbPostgresSchema: 'devnet', // only letters and _ are understood there
  pds: {
    hostname: 'localhost',
    enableDidDocWithSession: true, // as on the real network: the session tells where the account's PDS is
    rateLimitsEnabled: process.env.RATE_LIMITS === '1',
    redisScratchAddress: process.env.REDIS_HOST, // where the limiter counts, as on servers of more than one process
  },
})
const addresses = {
  plc: network.plc.url,
  pds: network.pds.url,
  appview: network.bsky.url,
  control: await serveControls(network),
}
fs.writeSync(READY_FD, `${JSON.stringify(addresses)}\n`)
fs.closeSync(READY_FD)
