//! What outlives a run: the journal of acts and the recordings.
