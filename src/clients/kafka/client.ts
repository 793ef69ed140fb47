// One KafkaJS instance and its connections. Owns how brokers are reached (security, time-outs, sockets, logging), not what is said to
// them. Called by producer, consumer, changelog reader and admin of this folder: each has an instance of its own, so that a slow produce
// never delays a heartbeat.
import { connect as connectTcp, isIP, Socket } from "node:net";
import { connect as connectTls, type ConnectionOptions } from "node:tls";

import { Kafka, logLevel, type ISocketFactory, type KafkaConfig, type RetryOptions, type SASLOptions } from "kafkajs";

import type { Log } from "../../topology/ports.ts";
import { createLogBridge, type OffsetResets } from "./log-bridge.ts";
import { registerCodecs } from "./codecs.ts";
import { fixDecoder } from "./decoder-fix.ts";
import { fixEncoder } from "./encoder-fix.ts";
import { fixRequestQueue } from "./request-queue-fix.ts";

/** How to reach the cluster. */
export interface KafkaConnection {
  /** `host:port` each. */
  readonly brokers: readonly string[];
  /** Shown in broker logs and quotas. */
  readonly clientId: string;
  /** KAFKA_SECURITY_PROTOCOL. */
  readonly securityProtocol: "PLAINTEXT" | "SSL" | "SASL_PLAINTEXT" | "SASL_SSL";
  /** Ignored without SASL. */
  readonly saslMechanism: "PLAIN" | "SCRAM-SHA-256" | "SCRAM-SHA-512";
  readonly username: string;
  readonly password: string;
  /** PEM text of the CAs to trust; null means those of the system. */
  readonly ca: string | null;
}

/** What differs between the instances. */
export interface KafkaTuning {
  readonly requestTimeoutMs: number;
  readonly retry: RetryOptions;
  /** Who hears when KafkaJS resets a position that is outside the log; nobody where no group is joined. */
  readonly resets?: OffsetResets;
}

/** A KafkaJS instance whose sockets can be cut. */
export interface KafkaHandle {
  readonly kafka: Kafka;
  /**
   * Destroys every socket of the instance and lets it open none: nothing can leave it from here on, whatever its retries try.
   * Safe to repeat.
   */
  readonly cut: () => void;
}

/** Until a TCP or TLS connection stands; KafkaJS's default of 1 s is too short across zones. */
const connectionTimeoutMs = 5_000;
const keepAliveMs = 60_000;

/** Makes an instance; connects to nothing yet. */
export function createKafka(connection: KafkaConnection, tuning: KafkaTuning, log: Log): KafkaHandle {
  fixRequestQueue();
  fixDecoder();
  fixEncoder();
  registerCodecs(log);
  const sockets = createSockets();
  const sasl = saslOf(connection);
  const config: KafkaConfig = {
    brokers: [...connection.brokers],
    clientId: connection.clientId,
    connectionTimeout: Math.min(connectionTimeoutMs, tuning.requestTimeoutMs),
    authenticationTimeout: Math.min(connectionTimeoutMs, tuning.requestTimeoutMs),
    requestTimeout: tuning.requestTimeoutMs,
    retry: tuning.retry,
    socketFactory: sockets.create,
    logLevel: logLevel.WARN,
    logCreator: createLogBridge(log, tuning.resets ?? null),
    ...(usesTls(connection) ? { ssl: tlsOptions(connection) } : {}),
    ...(sasl === null ? {} : { sasl }),
  };
  return { kafka: new Kafka(config), cut: sockets.cut };
}

function usesTls({ securityProtocol }: KafkaConnection): boolean {
  return securityProtocol === "SSL" || securityProtocol === "SASL_SSL";
}

function tlsOptions({ ca }: KafkaConnection): ConnectionOptions {
  return ca === null ? {} : { ca: [ca] };
}

function saslOf({ securityProtocol, saslMechanism, username, password }: KafkaConnection): SASLOptions | null {
  if (securityProtocol === "PLAINTEXT" || securityProtocol === "SSL") return null;
  switch (saslMechanism) {
    case "PLAIN":
      return { mechanism: "plain", username, password };
    case "SCRAM-SHA-256":
      return { mechanism: "scram-sha-256", username, password };
    case "SCRAM-SHA-512":
      return { mechanism: "scram-sha-512", username, password };
  }
}

function createSockets(): { readonly create: ISocketFactory; readonly cut: () => void } {
  const open = new Set<Socket>();
  let isCut = false;

  const create: ISocketFactory = ({ host, port, ssl, onConnect }) => {
    if (isCut) return refusedSocket();
    // KafkaJS's types demand `ssl`; without TLS it is null all the same.
    const tls = ssl as ConnectionOptions | null | undefined;
    const socket =
      tls === undefined || tls === null
        ? connectTcp({ host, port, noDelay: true }, onConnect)
        : connectTls({ host, port, ...(isIP(host) === 0 ? { servername: host } : {}), ...tls }, onConnect);
    socket.setNoDelay(true);
    socket.setKeepAlive(true, keepAliveMs);
    open.add(socket);
    socket.once("close", () => open.delete(socket));
    return socket;
  };

  return {
    create,
    cut() {
      isCut = true;
      for (const socket of open) socket.destroy(new Error("connection cut: its client was retired"));
    },
  };
}

function refusedSocket(): Socket {
  const socket = new Socket();
  // KafkaJS adds its listeners after this returns; the error of destroy comes a tick later.
  socket.destroy(new Error("no connection: its client was retired"));
  return socket;
}
