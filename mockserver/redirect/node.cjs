// Runs first in every Node program under `mockserver run`: the emulated hosts are at one port here.
//
// Node before 24 reads no proxy variable, and its fetch cannot be told to use a proxy without
// undici. All of them, and every npm package, end in net.Socket.prototype.connect.
"use strict";

const net = require("node:net");

const told = JSON.parse(process.env.MOCKSERVER_REDIRECT || "null");

function isOutside(name) {
  if (told.allow.some((each) => name === each || name.endsWith("." + each))) return false;
  if (net.isIP(name)) {
    return !/^(127|10|192\.168|169\.254|172\.(1[6-9]|2\d|3[01]))\.|^(::1$|f[cd]|fe80:)/i.test(name);
  }
  return name.includes(".") && !/\.(localhost|local|internal|test)$/.test(name);
}

function lead(options) {
  const name = String(options.host || "").toLowerCase().replace(/\.$/, "");
  if (told.hosts.includes(name)) {
    return { ...options, host: told.address, port: told.port, lookup: undefined };
  }
  if (!told.passthrough && [80, 443].includes(Number(options.port)) && isOutside(name)) {
    const error = new Error(
      `mockserver: ${name} is not one of the emulated hosts, and nothing else is let through ` +
        "(--passthrough does that)",
    );
    throw Object.assign(error, { code: "ENOTFOUND", syscall: "connect", hostname: name });
  }
  return options;
}

if (told) {
  const connect = net.Socket.prototype.connect;
  net.Socket.prototype.connect = function (...args) {
    try {
      if (Array.isArray(args[0])) {
        // net.connect hands over its arguments as [options, callback], marked as such.
        args[0][0] = lead(args[0][0]);
      } else if (args[0] !== null && typeof args[0] === "object") {
        args[0] = lead(args[0]);
      } else if (typeof args[1] === "string") {
        const [port, host, ...more] = args;
        args = [lead({ port, host }), ...more];
      }
    } catch (error) {
      process.nextTick(() => this.destroy(error));
      return this;
    }
    return connect.apply(this, args);
  };
}
