using System.Diagnostics;

namespace Orleans.Configuration;

/// <summary>How calls behave, on silos and clients alike.</summary>
public abstract class MessagingOptions
{
    private TimeSpan _responseTimeout = TimeSpan.FromSeconds(30);

    /// <summary>
    /// How long a caller waits for the answer. Default: 30 s; <see cref="ResponseTimeoutWithDebugger"/> when a debugger is attached.
    /// </summary>
    public TimeSpan ResponseTimeout
    {
        get => Debugger.IsAttached ? ResponseTimeoutWithDebugger : _responseTimeout;
        set => _responseTimeout = value;
    }

    /// <summary>How long a caller waits while a debugger is attached. Default: 30 min.</summary>
    public TimeSpan ResponseTimeoutWithDebugger { get; set; } = TimeSpan.FromMinutes(30);

    /// <summary>Most bytes of a message's header. Default: 10 MiB.</summary>
    public int MaxMessageHeaderSize { get; set; } = 10 * 1024 * 1024;

    /// <summary>Most bytes of a message's body. Default: 100 MiB.</summary>
    public int MaxMessageBodySize { get; set; } = 100 * 1024 * 1024;

    /// <summary>Whether messages whose caller has given up are dropped. Default: true.</summary>
    public bool DropExpiredMessages { get; set; } = true;

    /// <summary>Whether a call that times out cancels its token at the callee. Default: false.</summary>
    public bool CancelRequestOnTimeout { get; set; }

    /// <summary>Whether a caller that cancels waits for the callee's answer. Default: false.</summary>
    public bool WaitForCancellationAcknowledgement { get; set; }
}
