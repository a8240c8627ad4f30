/**
 * The one door to prom-client, part by part: its main module also loads what we have no use for (a push gateway,
 * clusters, collectors that ask for permissions), which costs 9 MiB of memory where these parts cost 4. Its trap: a
 * metric without labels shows 0 from the start, so what is not known must not be made.
 */
import type * as Client from "prom-client";
import CounterPart from "prom-client/lib/counter.js";
import GaugePart from "prom-client/lib/gauge.js";
import HistogramPart from "prom-client/lib/histogram.js";
import RegistryPart from "prom-client/lib/registry.js";

/** A set of metrics and their text. */
export type Registry = Client.Registry;
/** Only rises. */
export type Counter = Client.Counter;
/** Goes up and down. */
export type Gauge = Client.Gauge;
/** How many were how large. */
export type Histogram = Client.Histogram;

/** prom-client's Registry. */
export const Registry = RegistryPart as unknown as typeof Client.Registry;
/** prom-client's Counter. */
export const Counter = CounterPart as unknown as typeof Client.Counter;
/** prom-client's Gauge. */
export const Gauge = GaugePart as unknown as typeof Client.Gauge;
/** prom-client's Histogram. */
export const Histogram = HistogramPart as unknown as typeof Client.Histogram;
