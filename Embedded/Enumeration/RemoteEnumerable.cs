using System.Runtime.CompilerServices;

namespace Orleans.Runtime;

/// <summary>What a method that returns a stream gives its caller. Each enumeration calls the method anew, at its first element.</summary>
internal abstract class RemoteEnumerable<T> : IAsyncEnumerable<T>
{
    private const int DefaultBatchSize = 100;

    /// <summary>The most elements of one answer.</summary>
    public int MaxBatchSize { get; set; } = DefaultBatchSize;

    public abstract IAsyncEnumerator<T> GetAsyncEnumerator(CancellationToken cancellationToken = default);
}

/// <summary><see cref="RemoteEnumerable{T}"/> with the arguments of the call.</summary>
internal sealed class RemoteEnumerable<TArguments, T>(
    GrainReference reference, StreamMethod<TArguments, T> method, TArguments arguments, CancellationToken ofMethod) : RemoteEnumerable<T>
    where TArguments : struct, ITuple
{
    public override IAsyncEnumerator<T> GetAsyncEnumerator(CancellationToken cancellationToken = default)
    {
        var runtime = reference.Target.Runtime;
        var target = (IAsyncEnumerableGrainExtension)runtime.GetReference(reference.GrainId, typeof(IAsyncEnumerableGrainExtension), reference.Silo);
        var request = new Request<TArguments>(method, runtime.Pool.Copy(arguments));
        return new RemoteEnumerator<T>(target, new StreamCall<T>(reference.InterfaceType, request), MaxBatchSize, ofMethod, cancellationToken);
    }
}
