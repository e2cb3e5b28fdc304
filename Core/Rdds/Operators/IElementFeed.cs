namespace Dpark.Rdds.Operators;

/// <summary>
/// A reader that can call a function with each element as it is made, beside giving a batch at a time: no batch is written to memory and read again, which takes as long as
/// making it where elements refer to objects.
/// </summary>
internal interface IElementFeed<T>
{
    /// <summary>
    /// Calls a function with the next elements, until the emitter has a batch, but with no more than come from one batch of the input, so that what it adds may borrow what
    /// that one refers to.
    /// </summary>
    /// <param name="expand">Called once for each element, in order.</param>
    /// <param name="emitter">What it is called with; empty.</param>
    /// <param name="callSite">Who is to blame when it throws.</param>
    /// <param name="pacer">Of the operator that the function belongs to.</param>
    /// <returns><see cref="FeedResult.Unable"/> if it was not called, because what comes next has to be read by <see cref="BatchReader{T}.Next"/>.</returns>
    FeedResult Feed<TOut>(Action<T, Emitter<TOut>> expand, Emitter<TOut> emitter, CallSite callSite, ref RunPacer pacer);
}

/// <summary>What became of <see cref="IElementFeed{T}.Feed"/>.</summary>
internal enum FeedResult
{
    /// <summary>What comes next cannot be handed over.</summary>
    Unable,

    /// <summary>The function was called for some elements, or for none: a batch of the input may become nothing.</summary>
    Fed,

    /// <summary>There are no more.</summary>
    Ended,
}
