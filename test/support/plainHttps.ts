/** Loaded ahead of an app (`--import`): its HTTPS requests go over HTTP, to a server of a test that has no certificate. */
import http from 'node:http';
import https from 'node:https';
import { syncBuiltinESMExports } from 'node:module';

type Answer = (response: http.IncomingMessage) => void;

https.request = ((options: https.RequestOptions, onAnswer: Answer) =>
  http.request({ ...options, protocol: 'http:', agent: undefined }, onAnswer)) as typeof https.request;
syncBuiltinESMExports();
