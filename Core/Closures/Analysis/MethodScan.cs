using System.Reflection;
using System.Reflection.Emit;
using Dpark.Closures.Code;

namespace Dpark.Closures.Analysis;

/// <summary>Follows one method body instruction by instruction and reports to a <see cref="CaptureSearch"/> what it does with the outer <c>this</c>, which fields it reads and which methods it uses.</summary>
/// <remarks>
/// A value that is the outer <c>this</c> is known through the stack and through locals. It may be used to reach a field, to call a method that is not overridden, to
/// make a delegate or a compiler-made object, and to be compared; any other use means that it escapes, and all of it is sent. Ways that meet join: a value that may be
/// <c>this</c> counts as <c>this</c>.
/// </remarks>
internal sealed class MethodScan
{
    private readonly CaptureSearch _search;
    private readonly MethodBase _method;
    private readonly MethodBody _body;
    private readonly bool _tracksThis;
    private readonly Type[]? _typeArguments;
    private readonly Type[]? _methodArguments;
    private readonly HashSet<int> _thisLocals = [];
    private readonly Dictionary<int, TrackedValue[]> _pending = [];
    private readonly Stack<TrackedValue> _stack = new();
    private bool _isConstrained;

    /// <param name="tracksThis">Whether the method's own <c>this</c> is the one to follow.</param>
    public MethodScan(CaptureSearch search, MethodBase method, MethodBody body, bool tracksThis)
    {
        _search = search;
        _method = method;
        _body = body;
        _tracksThis = tracksThis;
        _typeArguments = method.DeclaringType is { IsGenericType: true } type ? type.GetGenericArguments() : null;
        _methodArguments = method.IsGenericMethod ? method.GetGenericArguments() : null;
    }

    /// <exception cref="NotSupportedException">The code does something that cannot be followed.</exception>
    public void Run()
    {
        var instructions = IlReader.Read(_body.GetILAsByteArray() ?? []);
        int known;
        do
        {
            // A local that holds "this" is met by code before the store, in a loop; so again until nothing is new.
            known = _thisLocals.Count;
            Pass(instructions);
        }
        while (known != _thisLocals.Count);
    }

    private void Pass(List<IlInstruction> instructions)
    {
        _pending.Clear();
        _stack.Clear();
        foreach (var clause in _body.ExceptionHandlingClauses)
        {
            var holdsException = clause.Flags is ExceptionHandlingClauseOptions.Clause or ExceptionHandlingClauseOptions.Filter;
            _pending[clause.HandlerOffset] = holdsException ? [TrackedValue.Other] : [];
            if (clause.Flags == ExceptionHandlingClauseOptions.Filter)
            {
                _pending[clause.FilterOffset] = [TrackedValue.Other];
            }
        }

        var falls = true;
        foreach (var instruction in instructions)
        {
            Arrive(instruction.Offset, falls);
            Step(instruction);
            Branch(instruction);
            falls = instruction.Code.FlowControl is not (FlowControl.Branch or FlowControl.Return or FlowControl.Throw);
            _isConstrained = instruction.Code == OpCodes.Constrained || (_isConstrained && instruction.Code.FlowControl == FlowControl.Meta);
        }
    }

    private void Arrive(int offset, bool falls)
    {
        if (!_pending.TryGetValue(offset, out var arriving))
        {
            if (!falls)
            {
                _stack.Clear();
            }

            return;
        }

        if (falls)
        {
            arriving = Join(_stack.ToArray(), arriving);
        }

        _stack.Clear();
        for (var i = arriving.Length - 1; i >= 0; i--)
        {
            _stack.Push(arriving[i]);
        }
    }

    private void Branch(IlInstruction instruction)
    {
        if (instruction.Code.OperandType is OperandType.InlineBrTarget or OperandType.ShortInlineBrTarget)
        {
            if (instruction.Code == OpCodes.Leave || instruction.Code == OpCodes.Leave_S)
            {
                _stack.Clear();
            }

            Leads(instruction.Operand);
        }

        Array.ForEach(instruction.Targets ?? [], Leads);
    }

    private void Leads(int offset)
    {
        var stack = _stack.ToArray();
        _pending[offset] = _pending.TryGetValue(offset, out var known) ? Join(known, stack) : stack;
    }

    private static TrackedValue[] Join(TrackedValue[] a, TrackedValue[] b) =>
        a.Length == b.Length ? [.. a.Zip(b, TrackedValue.Join)] : throw new NotSupportedException("Two ways meet with different stacks.");

    private void Step(IlInstruction instruction)
    {
        var code = instruction.Code;
        if (instruction.Argument >= 0)
        {
            StepArgument(code, instruction.Argument);
        }
        else if (instruction.Local >= 0)
        {
            StepLocal(code, instruction.Local);
        }
        else if (code.OperandType == OperandType.InlineField)
        {
            StepField(code, _method.Module.ResolveField(instruction.Operand, _typeArguments, _methodArguments)!);
        }
        else if (code.OperandType == OperandType.InlineMethod)
        {
            StepMethod(code, _method.Module.ResolveMethod(instruction.Operand, _typeArguments, _methodArguments)!);
        }
        else if (code == OpCodes.Dup)
        {
            var top = _stack.Peek();
            _stack.Push(top);
        }
        else if (code == OpCodes.Ret)
        {
            StepReturn();
        }
        else
        {
            StepOther(instruction);
        }
    }

    private void StepArgument(OpCode code, int argument)
    {
        var isThis = _tracksThis && argument == 0;
        if (code.StackBehaviourPop == StackBehaviour.Pop1)
        {
            Take(escapes: true);
            EscapeIf(isThis);
        }
        else
        {
            EscapeIf(isThis && (code == OpCodes.Ldarga || code == OpCodes.Ldarga_S));
            _stack.Push(isThis ? TrackedValue.This : TrackedValue.Other);
        }
    }

    private void StepLocal(OpCode code, int local)
    {
        if (code.StackBehaviourPop == StackBehaviour.Pop1)
        {
            if (Take(escapes: false).IsThis)
            {
                _thisLocals.Add(local);
            }

            return;
        }

        var isThis = _thisLocals.Contains(local);
        EscapeIf(isThis && (code == OpCodes.Ldloca || code == OpCodes.Ldloca_S));
        _stack.Push(isThis ? TrackedValue.This : TrackedValue.Other);
    }

    private void StepField(OpCode code, FieldInfo field)
    {
        var isOuterThis = CompilerNames.IsOuterThis(field.Name);
        if (code == OpCodes.Stfld)
        {
            Take(escapes: !isOuterThis);
            Take(escapes: false);
            _search.OnMention(field.DeclaringType!);
            return;
        }

        if (code == OpCodes.Stsfld)
        {
            Take(escapes: true);
            return;
        }

        if (code == OpCodes.Ldfld || code == OpCodes.Ldflda)
        {
            Take(escapes: false);
        }

        _search.OnRead(field);
        var isThis = isOuterThis && !CompilerNames.IsGenerated(field.FieldType);
        EscapeIf(isThis && code == OpCodes.Ldflda);
        _stack.Push(isThis ? TrackedValue.This : TrackedValue.Other);
    }

    private void StepMethod(OpCode code, MethodBase method)
    {
        if (code == OpCodes.Jmp)
        {
            throw new NotSupportedException("The method jumps into another one.");
        }

        if (code == OpCodes.Ldftn || code == OpCodes.Ldvirtftn)
        {
            if (code == OpCodes.Ldvirtftn)
            {
                Take(escapes: true);
            }

            _search.OnUse(method);
            _stack.Push(new TrackedValue(IsThis: false, method));
            return;
        }

        StepCall(code, method);
    }

    private void StepCall(OpCode code, MethodBase method)
    {
        var makesDelegate = code == OpCodes.Newobj && typeof(Delegate).IsAssignableFrom(method.DeclaringType);
        var last = TrackedValue.Other;
        for (var i = method.GetParameters().Length - 1; i >= 0; i--)
        {
            var argument = Take(escapes: !makesDelegate);
            if (makesDelegate && argument.IsThis)
            {
                UseOfThis(last.Function, isVirtual: false);
            }

            last = argument;
        }

        var isOnThis = code != OpCodes.Newobj && !method.IsStatic && Take(escapes: false).IsThis;
        if (isOnThis)
        {
            UseOfThis(method, isVirtual: code == OpCodes.Callvirt || _isConstrained);
        }
        else
        {
            _search.OnUse(method);
        }

        if (code == OpCodes.Newobj || (method is MethodInfo { ReturnType: var result } && result != typeof(void)))
        {
            _stack.Push(TrackedValue.Other);
        }
    }

    private void UseOfThis(MethodBase? method, bool isVirtual)
    {
        var isKnown = method is { IsStatic: false, DeclaringType: { } declaring } &&
            !SharedAssemblies.IsShared(method.Module.Assembly) && !SharedAssemblies.IsEngine(method.Module.Assembly) &&
            !(isVirtual && method.IsVirtual && !method.IsFinal && !declaring.IsSealed) &&
            !_isConstrained && method.GetMethodBody() is not null;
        if (isKnown)
        {
            _search.OnCallOnThis(method!);
        }
        else
        {
            _search.OnEscape();
        }
    }

    private void StepReturn()
    {
        if (_method is MethodInfo { ReturnType: var result } && result != typeof(void))
        {
            Take(escapes: true);
        }
    }

    private void StepOther(IlInstruction instruction)
    {
        var code = instruction.Code;
        if (code == OpCodes.Calli || code == OpCodes.Arglist)
        {
            throw new NotSupportedException("The method calls through an address.");
        }

        if (code == OpCodes.Ldtoken)
        {
            StepToken(instruction.Operand);
        }
        else if (code.OperandType == OperandType.InlineType)
        {
            _search.OnMention(_method.Module.ResolveType(instruction.Operand, _typeArguments, _methodArguments));
        }

        var isComparison = code.FlowControl == FlowControl.Cond_Branch || code == OpCodes.Ceq || code == OpCodes.Cgt_Un || code == OpCodes.Pop;
        for (var i = StackEffects.Pops(code); i > 0; i--)
        {
            Take(escapes: !isComparison);
        }

        for (var i = StackEffects.Pushes(code); i > 0; i--)
        {
            _stack.Push(TrackedValue.Other);
        }
    }

    private void StepToken(int token)
    {
        switch (_method.Module.ResolveMember(token, _typeArguments, _methodArguments))
        {
            case FieldInfo field:
                _search.OnRead(field);
                break;
            case MethodBase method:
                _search.OnUse(method);
                break;
            case Type type:
                _search.OnMention(type);
                break;
        }
    }

    private TrackedValue Take(bool escapes)
    {
        if (!_stack.TryPop(out var value))
        {
            throw new NotSupportedException("The method takes more from the stack than it put there.");
        }

        EscapeIf(escapes && value.IsThis);
        return value;
    }

    private void EscapeIf(bool condition)
    {
        if (condition)
        {
            _search.OnEscape();
        }
    }
}
