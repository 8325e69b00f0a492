/** A `ServerConnection` over the official SDK's client, and servers of both eras made with the official SDK. */
