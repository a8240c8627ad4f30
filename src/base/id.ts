/** A node's number in the cluster, 1..65535. Lower id = more authority, after `priority`. */
export type NodeId = number;

/**
 * One life of a node process: 64 random bits as 16 lower-case hex digits, drawn anew at each start
 * (ELECTION.md, State of a node).
 */
export type Incarnation = string;
