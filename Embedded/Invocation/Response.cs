using System.Runtime.ExceptionServices;

namespace Orleans.Serialization.Invocation;

/// <summary>How a call ended: a result, or an exception.</summary>
public abstract class Response : IDisposable
{
    /// <summary>Success without a result.</summary>
    public static Response Completed { get; } = new CompletedResponse();

    /// <summary>The result; null if there is none.</summary>
    public abstract object? Result { get; set; }

    /// <summary>The exception; null after success.</summary>
    public abstract Exception? Exception { get; set; }

    /// <summary>A failure.</summary>
    public static Response FromException(Exception exception) => new ExceptionResponse(exception);

    /// <summary>A success.</summary>
    public static Response FromResult<TResult>(TResult value) => new Response<TResult>(value);

    /// <summary>The result; throws the exception after a failure.</summary>
    public abstract T GetResult<T>();

    /// <inheritdoc/>
    public virtual void Dispose() => GC.SuppressFinalize(this);

    /// <inheritdoc/>
    public override string ToString() => Exception is { } exception ? exception.ToString() : Result?.ToString() ?? "";

    /// <summary>Writes the result into the body of a message.</summary>
    internal abstract void Write(Session.SerializerSessionPool pool, System.Buffers.IBufferWriter<byte> output);

    /// <summary>The same with a deep copy of the result. Exceptions are shared.</summary>
    internal abstract Response Copy(Session.SerializerSessionPool pool);

    // One instance for all calls without a result, so nothing in it changes.
    private sealed class CompletedResponse : Response
    {
        public override object? Result
        {
            get => null;
            set => throw IsShared();
        }

        public override Exception? Exception
        {
            get => null;
            set => throw IsShared();
        }

        public override T GetResult<T>() => default!;

        internal override void Write(Session.SerializerSessionPool pool, System.Buffers.IBufferWriter<byte> output) =>
            pool.Write<object?>(null, output);

        internal override Response Copy(Session.SerializerSessionPool pool) => this;

        private static InvalidOperationException IsShared() =>
            new("This response is shared by all calls without a result. Replace the response to give the call another end.");
    }

    private sealed class ExceptionResponse(Exception exception) : Response
    {
        private Exception? _exception = exception;

        public override object? Result
        {
            get => throw new InvalidOperationException("The call failed, so it has no result. Read the exception.", _exception);
            set => throw new InvalidOperationException("This response is a failure. Replace the response to give the call a result.");
        }

        public override Exception? Exception
        {
            get => _exception;
            set => _exception = value;
        }

        public override T GetResult<T>()
        {
            ExceptionDispatchInfo.Throw(_exception!);
            return default!;
        }

        internal override void Write(Session.SerializerSessionPool pool, System.Buffers.IBufferWriter<byte> output) => pool.Write(_exception, output);

        internal override Response Copy(Session.SerializerSessionPool pool) => this;
    }
}

/// <summary>The result of a call.</summary>
public sealed class Response<TResult> : Response
{
    private TResult? _result;

    /// <summary>A default result.</summary>
    public Response()
    {
    }

    internal Response(TResult? result) => _result = result;

    /// <summary>The result.</summary>
    public TResult? TypedResult
    {
        get => _result;
        set => _result = value;
    }

    /// <inheritdoc/>
    public override object? Result
    {
        get => _result;
        set => _result = (TResult?)value;
    }

    /// <inheritdoc/>
    public override Exception? Exception
    {
        get => null;
        set => throw new InvalidOperationException("This response is a success. Replace the response to make the call fail.");
    }

    /// <inheritdoc/>
    public override T GetResult<T>()
    {
        if (typeof(TResult) == typeof(T))
        {
            return System.Runtime.CompilerServices.Unsafe.As<TResult, T>(ref _result!);
        }

        return (T)(object)_result!;
    }

    internal override void Write(Session.SerializerSessionPool pool, System.Buffers.IBufferWriter<byte> output) => pool.Write(_result, output);

    internal override Response Copy(Session.SerializerSessionPool pool)
    {
        // The response is this call's own, so it can take the copy.
        if (!Codecs.CodecCache<TResult>.Copier.IsShallow)
        {
            _result = pool.Copy(_result);
        }

        return this;
    }
}
