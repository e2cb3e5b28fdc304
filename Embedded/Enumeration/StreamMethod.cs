using System.Reflection;
using System.Runtime.CompilerServices;
using Orleans.Serialization.Invocation;
using Orleans.Serialization.Session;

namespace Orleans.Runtime;

/// <summary>A method that returns a stream of a type.</summary>
internal interface IStreamMethod<T>;

/// <summary>A method that returns <see cref="IAsyncEnumerable{T}"/>. It is called through <see cref="IAsyncEnumerableGrainExtension"/> when the stream is enumerated.</summary>
internal sealed class StreamMethod<TArguments, T>(MethodInfo info, MethodInvoker<TArguments, IAsyncEnumerable<T>> invoker)
    : InterfaceMethod<TArguments>(info), IStreamMethod<T>
    where TArguments : struct, ITuple
{
    public IAsyncEnumerable<T> Call(GrainReference reference, TArguments arguments, CancellationToken cancellationToken) =>
        new RemoteEnumerable<TArguments, T>(reference, this, arguments, cancellationToken);

    public override object OpenStream(object target, ref TArguments arguments, CancellationToken cancellationToken) => invoker(target, ref arguments, cancellationToken);

    public override ValueTask<Response> Invoke(object target, ref TArguments arguments, CancellationToken cancellationToken) =>
        new(Response.FromException(new InvalidOperationException($"{InterfaceName}.{Info.Name} returns a stream and is not called by a request of its own. Enumerate what the reference returns.")));

    public override Response ReadResponse(SerializerSessionPool pool, ReadOnlySpan<byte> body) => Response.Completed;
}
